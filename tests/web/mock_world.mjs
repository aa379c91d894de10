// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Made-up targets, runs, paths and changes, the same each time but for their times: 5,000 targets in 48 runs ("large"), or
// names that try things ("hostile"), or nothing ("empty"). In the shapes of the JSON API; knows no server.

export const STEP_MS = 300000;
export const LETTER = {inside: 'i', direct: 'd', undecided: 'u', transit: 't', detour: 'x'};
export const VERDICTS = Object.keys(LETTER);
export const AS = {
	8075: 'Microsoft Corporation',
	8068: 'Microsoft Corporation',
	3491: 'PCCW Global',
	2914: 'NTT America',
	174: 'Cogent',
	13335: 'Cloudflare',
	20940: 'Akamai',
	16625: 'Akamai',
	54113: 'Fastly',
	1299: 'Arelion',
	3356: 'Lumen',
	32934: 'Meta',
};
const GROUPS = ['m365', 'azure-storage', 'azure-sql', 'entra', 'defender', 'controls', 'partners', 'cdn', ''];
export const SITES = ['ams', 'fra', 'lon', 'dub', 'par', 'vie'];

// A number from 0 to 1 that depends on nothing but its arguments.
const chance = (...keys) => {
	let h = 2166136261;
	for (const key of keys) h = Math.imul(h ^ (key + 0x9e37), 16777619) ^ (h >>> 13);
	h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
	h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
	return ((h ^ (h >>> 15)) >>> 0) / 4294967296;
};
const pick = (list, x) => list[Math.floor(x * list.length)];

const HOSTILE = [
	'<img src=x onerror=alert(1)>',
	'"><script>alert(1)</script>',
	'javascript:alert(1)',
	'\u001b[31mred\u001b[0m.example',
	'\u202egnp.evil\u202c.example',
	'a\nb\tc.example',
	"'-alert(1)-'",
	'__proto__',
	'constructor',
	'{{7*7}}',
	'&lt;b&gt;',
	'x'.repeat(253),
	'zero\u200bwidth.example',
	'xn--nxasmq6b.example',
	'#/board?run=1',
	'%00.example',
	'ünïcode.example',
	'</title><svg onload=alert(1)>',
];

// ---- the made-up world ----

// What kind of target i is, apart from what happens to it.
const nature = i => {
	const x = chance(i, 1);
	return x < 0.6
		? 'inside'
		: x < 0.8
			? 'direct'
			: x < 0.9
				? 'transit'
				: x < 0.95
					? 'detour'
					: x < 0.985
						? 'undecided'
						: null;
};

// In run r: a third network gives way to another after two thirds of the time; some targets flap.
export const verdictOf = (i, r) => {
	const base = nature(i);
	if (chance(i, 2) < 0.04 && base) {
		const from = Math.floor(48 * chance(i, 3)),
			length = 1 + Math.floor(14 * chance(i, 4));
		if (r >= from && r < from + length)
			return pick(['detour', 'undecided', 'transit', 'inside'], chance(i, 5));
	}
	return base;
};
const carrierOf = (i, r) =>
	r > 32 && chance(i, 6) < 0.7 ? 2914 : pick([3491, 3491, 3491, 174, 1299, 3356], chance(i, 7));
const destOf = (i, verdict) =>
	['inside', 'detour', 'undecided', null].includes(verdict)
		? chance(i, 8) < 0.9
			? 8075
			: 8068
		: pick([13335, 13335, 20940, 16625, 54113, 32934], chance(i, 9));

const WORDS = [
	'login',
	'outlook',
	'graph',
	'storage',
	'sql',
	'vault',
	'queue',
	'cdn',
	'api',
	'portal',
	'wns',
	'update',
];
const PLACES = ['westeurope', 'northeurope', 'eastus', 'global'];
const namesOf = kind => {
	if (kind !== 'large') return kind === 'hostile' ? HOSTILE : [];
	const name = i => [
		`${pick(WORDS, chance(i, 10))}-${String(i).padStart(4, '0')}`,
		pick(PLACES, chance(i, 11)),
		'example',
	];
	return Array.from({length: 5000}, (_, i) => name(i).join('.'));
};

export const makeWorld = kind => {
	const n_runs = kind === 'empty' ? 0 : kind === 'hostile' ? 3 : 48;
	const last = Math.floor(Date.now() / STEP_MS) * STEP_MS - STEP_MS;
	const runs = Array.from({length: n_runs}, (_, r) => last - (n_runs - 1 - r) * STEP_MS);
	const names = namesOf(kind);
	const groups = kind === 'hostile' ? ['<b>bold</b>', '\u202eevil', ''] : GROUPS;
	const targets = names.map((name, i) => ({
		i,
		name,
		port: 443,
		protocol: chance(i, 12) < 0.06 ? 'udp' : 'tcp',
		group: groups[Math.floor(groups.length * chance(i, 13) ** 1.6)] || null,
	}));
	return {
		kind,
		runs,
		targets,
		as_name: asn => (kind === 'hostile' ? `<script>alert(${asn})</script>\u001b[1m` : (AS[asn] ?? null)),
		extra: [],
	};
};

const flowsOf = i => (chance(i, 14) < 0.2 ? 3 : 1);
const exitOf = (i, r, verdict) =>
	verdict === 'transit' || verdict === 'detour'
		? carrierOf(i, r)
		: verdict === 'direct'
			? destOf(i, verdict)
			: null;
const pathOf = (i, r, verdict) =>
	verdict === 'inside'
		? ['*', '8075']
		: verdict === 'undecided'
			? ['*']
			: verdict === 'detour'
				? ['*', '8075', String(carrierOf(i, r)), '8075']
				: verdict === 'transit'
					? ['*', '8075', String(carrierOf(i, r)), String(destOf(i, verdict))]
					: verdict === 'direct'
						? [
								'*',
								'8075',
								...(chance(i, 15) < 0.3
									? ['IXP:DE-CIX Frankfurt']
									: []),
								String(destOf(i, verdict)),
							]
						: [];
const rttOf = (i, r, verdict) =>
	verdict === null || verdict === 'undecided'
		? null
		: Math.round(
				800 +
					30000 * chance(i, 16) ** 2 +
					(verdict === 'detour' ? 45000 : 0) +
					900 * chance(i, r, 17)
			);

// Of 50 probes to the destination itself: none before run E2E_FROM, to no hostile name, and not to all. Some lose a few, some
// many for a while, some all.
export const E2E_FROM = 8;
const e2eOf = (world, i, r, verdict) => {
	if (world.kind !== 'large' || r < E2E_FROM || verdict === null || chance(i, 30) < 0.08) return null;
	const is_bad = chance(i, 31) < 0.01 && chance(i, Math.floor(r / 6), 32) < 0.6;
	const lost =
		chance(i, 33) < 0.001
			? 50
			: is_bad
				? 5 + Math.floor(15 * chance(i, r, 34))
				: Number(chance(i, r, 35) < 0.03);
	const least = (rttOf(i, r, verdict) ?? 3000) - 100,
		wide = Math.round(400 + 3000 * chance(i, r, 36) ** 4);
	const of = part => (lost === 50 ? null : least + Math.round(part * wide));
	return {
		destinations: 1,
		sent: 50,
		received: 50 - lost,
		loss_pct: 2 * lost,
		rtt_min_us: of(0),
		rtt_p50_us: of(0.3),
		rtt_p95_us: of(0.8),
		rtt_p99_us: of(0.95),
		rtt_max_us: of(1),
		jitter_us: of(0) === null ? null : Math.round(wide / 7),
	};
};

const targetRow = (world, target, r) => {
	const {i, name, port, protocol, group} = target,
		verdict = verdictOf(i, r),
		exit = exitOf(i, r, verdict);
	let changed = r;
	while (changed > 0 && verdictOf(i, changed - 1) === verdict && exitOf(i, changed - 1, verdict) === exit)
		changed--;
	return {
		seq: i,
		name,
		port,
		protocol,
		group,
		verdict,
		confidence: verdict === null ? null : chance(i, 18) < 0.7 ? 'high' : 'medium',
		as_path: pathOf(i, r, verdict).join(' '),
		exits: exit
			? [
					{
						asn: exit,
						as_name: world.as_name(exit),
						ixp: null,
						site: pick(SITES, chance(i, 19)),
						paths: flowsOf(i),
					},
				]
			: [],
		n_dests: verdict ? 1 : 0,
		n_paths: verdict ? flowsOf(i) : 0,
		dest_rtt_us: rttOf(i, r, verdict),
		e2e: e2eOf(world, i, r, verdict),
		cname: chance(i, 20) < 0.2 ? [`edge-${i}.trafficmanager.example`] : [],
		reasons:
			verdict === null
				? ['dns_nxdomain']
				: verdict === 'undecided'
					? ['no-evidence', 'not-reached']
					: [],
		changed_ms: changed ? world.runs[changed] : null,
	};
};

const hopsOf = (world, i, r, verdict, flow, dest_ip) => {
	const hops = [],
		site = pick(SITES, chance(i, 19));
	const add = (asn, n, more = {}) => {
		for (let k = 0; k < n; k++) {
			const ttl = hops.length + 1,
				silent = asn === null || chance(i, ttl, flow, 21) < 0.12;
			hops.push({
				ttl,
				ip: silent
					? null
					: `198.18.${asn % 250}.${(ttl * 9 + (chance(ttl, i, 22) < 0.4 ? flow : 0)) % 250}`,
				asn: silent ? null : asn,
				as_name: silent ? null : world.as_name(asn),
				ixp: null,
				ptr: silent || asn !== 8075 ? null : `ae${ttl}-0.${site}-96c-1a.ntwk.example`,
				site: silent || asn !== 8075 ? null : site,
				role: null,
				rtt_us: silent
					? null
					: Math.round(
							400 +
								700 * ttl +
								(9000 * chance(i, 16) * ttl) / 6 +
								(asn === 8075 ? 0 : 21000)
						),
				reply: silent ? null : 'time-exceeded',
				mpls: [],
				flags: [],
				silent,
				inferred: false,
				...more,
			});
		}
	};
	add(null, 1);
	hops.push({
		ttl: 2,
		ip: '10.1.0.1',
		asn: null,
		as_name: null,
		ixp: null,
		ptr: null,
		site: null,
		role: null,
		rtt_us: 420,
		reply: 'time-exceeded',
		mpls: [],
		flags: [],
		silent: false,
		inferred: false,
	});
	if (verdict === 'undecided') {
		add(null, 6);
		return hops;
	}
	add(8075, 3);
	const exit = exitOf(i, r, verdict);
	if (verdict === 'direct' && chance(i, 15) < 0.3)
		hops.push({
			ttl: 6,
			ip: '203.0.113.77',
			asn: null,
			as_name: null,
			ixp: 'DE-CIX Frankfurt',
			ptr: null,
			site: null,
			role: null,
			rtt_us: 4100,
			reply: 'time-exceeded',
			mpls: [],
			flags: [],
			silent: false,
			inferred: false,
		});
	if (verdict === 'transit' || verdict === 'detour') {
		if (flow === 2) add(null, 1);
		add(flow === 1 && chance(i, 23) < 0.5 ? 1299 : exit, 3);
	}
	add(destOf(i, verdict), verdict === 'inside' ? 3 : 2);
	const asn = destOf(i, verdict);
	hops.push({
		ttl: hops.length + 1,
		ip: dest_ip,
		asn,
		as_name: world.as_name(asn),
		ixp: null,
		ptr: null,
		site: null,
		role: null,
		rtt_us: rttOf(i, r, verdict),
		reply: 'syn-ack',
		mpls: [],
		flags: [],
		silent: false,
		inferred: false,
	});
	const far = rttOf(i, r, verdict);
	return hops.map((hop, k) => ({
		...hop,
		ttl: k + 1,
		rtt_us: hop.ip === null ? null : Math.round(300 + (far - 300) * ((k + 1) / hops.length) ** 2),
	}));
};

export const pathsOf = (world, target, r) => {
	const {i} = target,
		verdict = verdictOf(i, r),
		dest_ip = `203.0.113.${i % 250}`,
		measured = e2eOf(world, i, r, verdict);
	const lost = measured ? measured.sent - measured.received : 0;
	const e2e = measured && {...measured, late: Math.floor(lost / 4), refused: 0};
	return verdict === null
		? []
		: Array.from({length: flowsOf(i)}, (_, flow) => {
				const hops = hopsOf(world, i, r, verdict, flow, dest_ip),
					exit = exitOf(i, r, verdict);
				const border = hops.findLast((hop, k) => hop.asn === 8075 && k < 6),
					foreign = exit && hops.find(hop => hop.asn && hop.asn !== 8075);
				return {
					seq: i * 3 + flow,
					dest_ip,
					dest_asn: destOf(i, verdict),
					flow,
					verdict,
					confidence: 'high',
					rule: `${verdict}-seen`,
					reasons: verdict === 'undecided' ? ['no-evidence'] : [],
					as_path: pathOf(i, r, verdict),
					exit: foreign
						? {
								ttl_min: border?.ttl ?? 0,
								ttl_max: foreign.ttl,
								last_home: border
									? {
											ip: border.ip,
											ptr: border.ptr,
											site: border.site,
										}
									: null,
								first_foreign: {
									ip: foreign.ip,
									asn: foreign.asn,
									as_name: foreign.as_name,
									ixp: null,
								},
								rtt_us: border?.rtt_us ?? null,
							}
						: null,
					reached: verdict !== 'undecided',
					end_reason: verdict === 'undecided' ? 'gap' : 'reached',
					e2e,
					hops,
				};
			});
};

export const tally = rows =>
	Object.fromEntries(VERDICTS.map(verdict => [verdict, rows.filter(row => row.verdict === verdict).length]));

const rowsCache = new Map();
export const rowsOf = (world, r) => {
	const key = world.kind + r;
	if (!rowsCache.has(key))
		rowsCache.set(
			key,
			world.targets.map(target => targetRow(world, target, r))
		);
	return rowsCache.get(key);
};

export const runRow = (world, r) => {
	const verdicts = tally(rowsOf(world, r)),
		started_ms = world.runs[r];
	return {
		run: started_ms,
		agent: 'vm-weu-01',
		audit: 'm365',
		started_ms,
		ended_ms: started_ms + 41000,
		end_reason: 'done',
		n_targets: world.targets.length,
		n_paths: rowsOf(world, r).reduce((sum, row) => sum + row.n_paths, 0),
		verdicts,
		coverage_pct: 78.4,
		probes: 61234,
		lost: r % 7 ? 0 : 3,
	};
};

export const flowOf = (world, r) => {
	const nodes = new Map(),
		links = new Map();
	const node = (id, kind, label, asn = null) => {
		nodes.set(id, {id, kind, label, asn});
		return id;
	};
	const join = (source, target, paths, verdict) => {
		const before = links.get(`${source}\n${target}`);
		links.set(`${source}\n${target}`, {
			source,
			target,
			paths: (before?.paths ?? 0) + paths,
			verdicts: {...before?.verdicts, [verdict]: (before?.verdicts[verdict] ?? 0) + paths},
		});
	};
	for (const row of rowsOf(world, r).filter(row => row.verdict)) {
		const exit = row.exits[0],
			asn = destOf(row.seq, row.verdict);
		const a = node(`g:${row.group}`, 'group', row.group || null);
		const b = exit
			? node(`e:${exit.asn}`, 'exit', exit.as_name, exit.asn)
			: row.verdict === 'inside'
				? node('s', 'stay', 'stays inside')
				: node('e:?', 'exit', 'exit not seen');
		const c = node(`d:${asn}`, 'dest', world.as_name(asn), asn);
		join(a, b, row.n_paths, row.verdict);
		join(b, c, row.n_paths, row.verdict);
	}
	return {nodes: [...nodes.values()], links: [...links.values()]};
};

export const exitsOf = (world, r) => {
	const sums = new Map();
	for (const row of rowsOf(world, r)) {
		for (const exit of row.exits) sums.set(exit.asn, (sums.get(exit.asn) ?? 0) + exit.paths);
	}
	return [...sums]
		.map(([asn, paths]) => ({asn, as_name: world.as_name(asn), paths}))
		.sort((a, b) => b.paths - a.paths);
};

export const changesOf = world => {
	const items = [...world.extra];
	for (let r = world.runs.length - 1; r > 0 && items.length < 400; r--) {
		for (const target of world.targets) {
			const before = verdictOf(target.i, r - 1),
				now = verdictOf(target.i, r);
			const exits = [exitOf(target.i, r - 1, before), exitOf(target.i, r, now)];
			if (before === now && exits[0] === exits[1]) continue;
			const kind = before !== now ? 'verdict' : 'exit-as-new';
			items.push({
				seq: 10000 - items.length,
				at_ms: world.runs[r] + 41000,
				run: world.runs[r],
				audit: 'm365',
				target: target.name,
				port: target.port,
				protocol: target.protocol,
				group: target.group,
				kind,
				old: kind === 'verdict' ? before : `AS${exits[0]} ${world.as_name(exits[0])}`,
				new: kind === 'verdict' ? now : `AS${exits[1]} ${world.as_name(exits[1])}`,
				first_seen_ms: world.runs[r],
				last_seen_ms: world.runs[r],
				severity:
					kind === 'verdict' && ['detour', 'transit'].includes(now)
						? 'critical'
						: 'warning',
				muted: chance(target.i, 24) < 0.1,
			});
		}
	}
	return items;
};
