// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A stand-in for `coldpotato serve`: the dashboard's files and the JSON API over made-up runs, the same each time but
// for their times. Kinds: "large" (5,000 targets, 48 runs), "hostile" (names that try things), "empty" (no run),
// "broken" (answers errors). Serves loopback only. Knows nothing of the browser that asks.
import {createServer} from 'node:http';
import {readFileSync, existsSync} from 'node:fs';
import {extname, join, normalize} from 'node:path';

const STEP_MS = 300000;
const TYPES = {
	'.html': 'text/html; charset=utf-8',
	'.js': 'text/javascript; charset=utf-8',
	'.css': 'text/css; charset=utf-8',
	'.svg': 'image/svg+xml',
};
const LETTER = {inside: 'i', direct: 'd', undecided: 'u', transit: 't', detour: 'x'};
const VERDICTS = Object.keys(LETTER);
const AS = {
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
const SITES = ['ams', 'fra', 'lon', 'dub', 'par', 'vie'];

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
const verdictOf = (i, r) => {
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

const makeWorld = kind => {
	const n_runs = kind === 'empty' ? 0 : kind === 'hostile' ? 3 : 48;
	const last = Math.floor(Date.now() / STEP_MS) * STEP_MS - STEP_MS;
	const runs = Array.from({length: n_runs}, (_, r) => last - (n_runs - 1 - r) * STEP_MS);
	const words = [
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
	const names =
		kind === 'hostile'
			? HOSTILE
			: kind === 'empty'
				? []
				: Array.from(
						{length: 5000},
						(_, i) =>
							`${pick(words, chance(i, 10))}-${String(i).padStart(4, '0')}.${pick(['westeurope', 'northeurope', 'eastus', 'global'], chance(i, 11))}.example`
					);
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

const pathsOf = (world, target, r) => {
	const {i} = target,
		verdict = verdictOf(i, r),
		dest_ip = `203.0.113.${i % 250}`;
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
					hops,
				};
			});
};

const tally = rows =>
	Object.fromEntries(VERDICTS.map(verdict => [verdict, rows.filter(row => row.verdict === verdict).length]));

const rowsCache = new Map();
const rowsOf = (world, r) => {
	const key = world.kind + r;
	if (!rowsCache.has(key))
		rowsCache.set(
			key,
			world.targets.map(target => targetRow(world, target, r))
		);
	return rowsCache.get(key);
};

const runRow = (world, r) => {
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

const flowOf = (world, r) => {
	const nodes = new Map(),
		links = new Map();
	const node = (id, kind, label, asn = null) => {
		nodes.set(id, {id, kind, label, asn});
		return id;
	};
	const join = (source, target, paths) =>
		links.set(`${source}\n${target}`, {
			source,
			target,
			paths: (links.get(`${source}\n${target}`)?.paths ?? 0) + paths,
		});
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
		join(a, b, row.n_paths);
		join(b, c, row.n_paths);
	}
	return {nodes: [...nodes.values()], links: [...links.values()]};
};

const exitsOf = (world, r) => {
	const sums = new Map();
	for (const row of rowsOf(world, r)) {
		for (const exit of row.exits) sums.set(exit.asn, (sums.get(exit.asn) ?? 0) + exit.paths);
	}
	return [...sums]
		.map(([asn, paths]) => ({asn, as_name: world.as_name(asn), paths}))
		.sort((a, b) => b.paths - a.paths);
};

const changesOf = world => {
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

// ---- the answers ----

class Refused extends Error {
	constructor(status, text) {
		super(text);
		this.status = status;
	}
}

const page = (items, query) => {
	const limit = Math.min(Number(query.get('limit') ?? 100), 5000),
		offset = Number(query.get('offset') ?? 0);
	return {items: items.slice(offset, offset + limit), total: items.length};
};

const runIndex = (world, ref) => {
	if (world.runs.length === 0) throw new Refused(404, 'the store has no run yet');
	if (ref === 'latest') return world.runs.length - 1;
	const r = world.runs.indexOf(Number(ref));
	if (r < 0) throw new Refused(404, `there is no run "${ref}"`);
	return r;
};

const egressRows = (world, r) =>
	[['home', 8075], ['home', 8068], ...exitsOf(world, r).map(exit => ['exit', exit.asn])].map(([role, asn]) => ({
		role,
		asn,
		as_name: world.as_name(asn),
		ixp: null,
		paths: role === 'home' ? 3900 : exitsOf(world, r).find(exit => exit.asn === asn).paths,
		dests: 12,
		targets: 30,
		groups: 3,
		exit_routers: role === 'home' ? null : 4,
		exit_sites:
			role === 'home'
				? []
				: [
						{place: 'Amsterdam', paths: 7},
						{place: 'fra23', paths: 2},
					],
		handover_p50_us: role === 'home' ? null : 2300,
		handover_p95_us: role === 'home' ? null : 14000,
		handover_p99_us: role === 'home' ? null : 21000,
		cold_share_pct: role === 'home' ? null : 61,
		replies: 9000,
		probes: 9800,
	}));

const ofRun = (world, r, rest, query) => {
	if (rest === '')
		return {
			...runRow(world, r),
			settings: {
				version: '0.2.0',
				command: 'watch',
				host: 'vm-weu-01',
				datapath: 'xdp-native',
				rate_pps: 2000,
				flows: 3,
				attempts: 2,
				resolver: null,
				vantage: {asn: 8075, why: 'azure-dmi'},
				home: {spec: 'microsoft', asns: [8075, 8068]},
			},
			databases: [
				{
					layer: 'database',
					name: 'asn.mmdb',
					rows: 515158,
					built_at_s: Math.floor(world.runs[r] / 1000) - 86400 * 3,
				},
				{layer: 'builtin', name: 'built-in', rows: 900, built_at_s: null},
			],
			accounting: {
				probes: {per_path: 9},
				attempted: 61234,
				transmitted: 61231,
				replied: 48001,
				timed_out: 13230,
				lost: 0,
				rejected: 4,
				late: null,
			},
			warnings: [{code: 'asdb-age', text: 'the AS data is 3 days old'}],
		};
	if (rest === '/targets') {
		const q = (query.get('q') ?? '').toLowerCase(),
			rows = rowsOf(world, r).filter(
				row =>
					row.name.toLowerCase().includes(q) &&
					(!query.get('verdict') || row.verdict === query.get('verdict')) &&
					(!query.get('group') || row.group === query.get('group'))
			);
		return {
			...page(rows, query),
			groups: [...new Set(rows.map(row => row.group))]
				.sort()
				.map(group => ({group, verdicts: tally(rows.filter(row => row.group === group))})),
		};
	}
	if (rest === '/flow') return flowOf(world, r);
	if (rest === '/egress') return page(egressRows(world, r), query);
	const target = world.targets[Number(rest.slice('/targets/'.length))];
	if (!rest.startsWith('/targets/') || !target) throw new Refused(404, 'there is no such target in this run');
	return {...rowsOf(world, r)[target.i], paths: pathsOf(world, target, r)};
};

const ofAs = (world, asn, r) => {
	const mine = rowsOf(world, r).filter(row => row.as_path.split(' ').includes(String(asn)));
	if (!AS[asn]) throw new Refused(404, `AS${asn} is in no run`);
	return {
		asn,
		as_name: world.as_name(asn),
		org: `${AS[asn]} Inc.`,
		role: asn === 8075 || asn === 8068 ? 'home' : 'exit',
		handovers: [8075, 13335, 32934]
			.filter(other => other !== asn)
			.map((other, k) =>
				k
					? {
							from_asn: asn,
							from_name: world.as_name(asn),
							to_asn: other,
							to_name: world.as_name(other),
							paths: 40 + 7 * k,
							rtt_p50_us: 23000 + k,
						}
					: {
							from_asn: other,
							from_name: world.as_name(other),
							to_asn: asn,
							to_name: world.as_name(asn),
							paths: mine.length,
							rtt_p50_us: 2300,
						}
			),
		sites: SITES.slice(0, 3).map((site, k) => ({site, paths: 90 - 30 * k})),
		roles: [{role: 'exit', paths: mine.length, targets: mine.length, cold_share_pct: 61}],
		targets: mine.map(({name, port, protocol, verdict}) => ({name, port, protocol, verdict})),
		history: world.runs.map((run, k) => ({
			run,
			started_ms: run,
			paths: rowsOf(world, k).filter(row => row.exits.some(exit => exit.asn === asn)).length,
		})),
	};
};

const ofCompare = (world, query) => {
	const [a, b] = ['a', 'b'].map(side => runIndex(world, query.get(side)));
	const half = row => ({
		verdict: row.verdict,
		as_path: row.as_path,
		exits: row.exits,
		dest_rtt_us: row.dest_rtt_us,
	});
	const rank = verdict => VERDICTS.indexOf(verdict);
	const exits = new Map();
	exitsOf(world, a).forEach(({asn, as_name, paths}) =>
		exits.set(asn, {asn, as_name, a_paths: paths, b_paths: 0})
	);
	exitsOf(world, b).forEach(({asn, as_name, paths}) =>
		exits.set(asn, {...(exits.get(asn) ?? {asn, as_name, a_paths: 0}), b_paths: paths})
	);
	return {
		a: world.runs[a],
		b: world.runs[b],
		exits: [...exits.values()],
		targets: world.targets.map(({i, name, port, protocol, group}) => {
			const x = rowsOf(world, a)[i],
				y = rowsOf(world, b)[i];
			return {
				name,
				port,
				protocol,
				group,
				a: half(x),
				b: half(y),
				changed: x.verdict !== y.verdict || x.exits[0]?.asn !== y.exits[0]?.asn,
				worse: rank(y.verdict) > rank(x.verdict),
			};
		}),
	};
};

const answer = (world, path, query) => {
	const newest = world.runs.length - 1,
		latest = world.runs[newest] ?? null;
	const [, ref, rest] = path.match(/^runs\/([^/]+)(.*)$/) ?? [];
	if (ref) return ofRun(world, runIndex(world, decodeURIComponent(ref)), rest, query);
	if (path.startsWith('as/'))
		return ofAs(world, Number(path.slice(3)), runIndex(world, query.get('run') ?? 'latest'));
	const history = () => {
		const target = world.targets.find(
			one =>
				one.name === query.get('name') &&
				String(one.port) === query.get('port') &&
				one.protocol === query.get('protocol')
		);
		return target
			? world.runs
					.map((run, r) => {
						const {verdict, confidence, as_path, exits, dest_rtt_us, seq} = rowsOf(
							world,
							r
						)[target.i];
						return {
							run,
							started_ms: run,
							verdict,
							confidence,
							as_path,
							exits,
							dest_rtt_us,
							seq,
						};
					})
					.reverse()
			: [];
	};
	const shown = world.runs.slice(-Number(query.get('runs') ?? 48)),
		first = world.runs.length - shown.length;
	const views = {
		status: () => ({
			version: '0.2.0',
			host: 'vm-weu-01',
			agent: 'vm-weu-01',
			started_ms: Date.now() - 86400000,
			store: {
				path_name: 'paths.db',
				bytes: 73400320,
				runs: world.runs.length,
				first_run: world.runs[0] ?? null,
				last_run: latest,
			},
			watching: true,
			audits: world.runs.length
				? [
						{
							name: 'm365',
							interval_s: 300,
							last_run: latest,
							next_ms: latest + STEP_MS,
							state: 'waiting',
						},
					]
				: [],
		}),
		runs: () => page(world.runs.map((_, r) => runRow(world, r)).reverse(), query),
		'flow-history': () => ({
			runs: world.runs.map((run, r) => ({
				run,
				started_ms: run,
				exits: exitsOf(world, r),
				inside: rowsOf(world, r).reduce(
					(sum, row) => sum + (row.verdict === 'inside' ? row.n_paths : 0),
					0
				),
				total: runRow(world, r).n_paths,
			})),
		}),
		'targets/history': () => page(history(), query),
		heatmap: () => ({
			runs: shown.map(run => ({run, started_ms: run})).reverse(),
			targets: world.targets.map(({i, name, port, protocol, group}) => ({
				name,
				port,
				protocol,
				group,
				cells: shown
					.map((_, k) => LETTER[verdictOf(i, first + k)] ?? '.')
					.reverse()
					.join(''),
			})),
		}),
		compare: () => ofCompare(world, query),
		changes: () =>
			page(
				changesOf(world).filter(
					change =>
						change.at_ms >= Number(query.get('since') ?? 0) &&
						(!query.get('kind') || change.kind === query.get('kind'))
				),
				query
			),
	};
	if (!views[path]) throw new Refused(404, 'there is no such resource');
	return views[path]();
};

// ---- the server ----

const HEADERS = {
	'Content-Security-Policy': "default-src 'self'",
	'X-Content-Type-Options': 'nosniff',
	'Referrer-Policy': 'no-referrer',
};

const asset = (assets, echarts, path) => {
	const name = path === '/' ? 'index.html' : normalize(path.slice('/assets/'.length));
	const file = name === 'echarts.js' ? echarts : join(assets, name);
	return name.startsWith('..') || !existsSync(file)
		? null
		: {type: TYPES[extname(file)] ?? 'application/octet-stream', body: readFileSync(file)};
};

// Starts one; resolves to {url, emit(event, data), addChange(change), addRun(), close(), state}. state.broken makes
// it answer errors.
export const serve = ({kind, assets, echarts}) =>
	new Promise(started => {
		const world = makeWorld(kind === 'broken' ? 'hostile' : kind),
			clients = new Set(),
			state = {broken: kind === 'broken'};
		const say = (response, status, type, body) => {
			response.writeHead(status, {...HEADERS, 'Content-Type': type, 'Cache-Control': 'no-store'});
			response.end(body);
		};
		const json = (response, status, value) =>
			say(response, status, 'application/json; charset=utf-8', JSON.stringify(value));
		const server = createServer((request, response) => {
			const {pathname, searchParams} = new URL(request.url, 'http://localhost');
			if (pathname === '/api/v1/events' && !state.broken) {
				response.writeHead(200, {
					...HEADERS,
					'Content-Type': 'text/event-stream',
					'Cache-Control': 'no-store',
				});
				response.write(': hello\n\n');
				clients.add(response);
				request.on('close', () => clients.delete(response));
				return;
			}
			if (!pathname.startsWith('/api/')) {
				const found = asset(assets, echarts, pathname);
				return found
					? say(response, 200, found.type, found.body)
					: json(response, 404, {error: 'not here'});
			}
			if (state.broken)
				return json(response, 503, {
					error: 'the store is locked by another program <b>now</b>',
				});
			try {
				return json(
					response,
					200,
					answer(world, pathname.slice('/api/v1/'.length), searchParams)
				);
			} catch (error) {
				return json(response, error.status ?? 500, {error: error.message});
			}
		});
		const emit = (event, data) =>
			clients.forEach(client => client.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
		server.listen(0, '127.0.0.1', () =>
			started({
				url: `http://127.0.0.1:${server.address().port}/`,
				emit,
				state,
				world,
				addChange: change => {
					world.extra.unshift(change);
					emit('change', change);
				},
				addRun: () => {
					world.runs.push(
						world.runs.length
							? world.runs[world.runs.length - 1] + STEP_MS
							: Date.now()
					);
					emit('run', {run: world.runs[world.runs.length - 1], audit: 'm365'});
				},
				close: () => {
					clients.forEach(client => client.end());
					server.closeAllConnections();
					return new Promise(done => server.close(done));
				},
			})
		);
	});
