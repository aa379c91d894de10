// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The views of the dashboard as tests read them: what each shows, and what the API's JSON says that it must show. Both
// sides are made into the same lines of text here; none of the page's own code is used.

// ---- how values are written ----

const rtt = us => {
	if (us === null) return '–';
	if (us < 100) return `${us} µs`;
	return `${(us / 1000).toFixed(us < 10000 ? 2 : us < 1000000 ? 1 : 0)} ms`;
};
const network = one =>
	typeof one.ixp === 'string'
		? `exchange ${one.ixp || 'LAN'}`
		: one.as_name
			? `AS${one.asn} ${one.as_name}`
			: `AS${one.asn}`;
const label = target => `${target.name}${target.port ? ':' + target.port : ''}`;
const exits = (one, verdict) => {
	if (one.length === 0) return verdict === 'inside' ? 'stays inside' : 'not known';
	const sums = new Map();
	one.forEach(exit => sums.set(network(exit), (sums.get(network(exit)) ?? 0) + exit.paths));
	return [...sums].map(([name, n]) => (sums.size > 1 ? `${name} (${n})` : name)).join(', ');
};
const pct = value => (value === null ? '–' : `${Number(value.toFixed(value < 1 ? 2 : 1))} %`);
// End to end, of what may not have been measured.
const quality = e2e => [pct(e2e?.loss_pct ?? null), rtt(e2e?.rtt_p50_us ?? null), rtt(e2e?.jitter_us ?? null)];
const number = n => (n === null ? '–' : n.toLocaleString('en-US'));
const kinds = {
	verdict: 'verdict',
	'exit-as-new': 'new exit AS',
	'exit-as-gone': 'exit AS gone',
	'as-path': 'AS path',
	rtt: 'RTT',
	loss: 'loss',
	coverage: 'coverage',
	dns: 'DNS answer',
	cname: 'CNAME',
};
const side = (change, text) => {
	if (!text) return 'none';
	if (/^[\d.]+ ms$/.test(text)) return rtt(Math.round(1000 * parseFloat(text)));
	if (/^[\d.]+ %$/.test(text)) return pct(parseFloat(text));
	return change.kind.startsWith('exit-as') ? text.replace(/^\d+|(?<= )\d+/g, 'AS$&') : text;
};
const letters = {i: 'v0', d: 'v1', u: 'v2', t: 'v3', x: 'v4'};

// ---- how the page is read ----

// The cells of a long list's rows, as lines.
const listed = (page, ...columns) =>
	page
		.locator('.rows-body .row')
		.evaluateAll(
			(rows, names) =>
				rows.map(row =>
					names.map(name => row.querySelector('.c-' + name).textContent).join(' | ')
				),
			columns
		);
// Those of columns that a list may not have; none where it has not.
const had = async (page, ...columns) => ((await page.locator(`.row.head .c-${columns[0]}`).count()) ? columns : []);
// The cells of a table's rows, as lines.
const tabled = (page, selector) =>
	page
		.locator(selector)
		.first()
		.evaluate(table =>
			[...table.tBodies[0].rows].map(row => [...row.cells].map(cell => cell.textContent).join(' | '))
		);
const headed = (page, heading) => page.locator('h2', {hasText: heading}).locator('xpath=following-sibling::*[1]');
const underHead = async (page, heading) => {
	const below = headed(page, heading).locator('table');
	if ((await below.count()) === 0) return [];
	return below.evaluate(table =>
		[...table.tBodies[0].rows].map(row => [...row.cells].map(cell => cell.textContent).join(' | '))
	);
};

// ---- the views: {hash, read(page), want(json)}: both are lists of lines, in any order ----

const q = params => new URLSearchParams(params).toString();
const target = (name, rest = {}) => `#/target?${q({name, port: 443, protocol: 'tcp', ...rest})}`;

const board = {
	hash: '#/board',
	read: async page => [
		...(await listed(
			page,
			...['verdict', 'name', 'group', 'exit', 'path', 'rtt'],
			...(await had(page, 'loss', 'median', 'jitter'))
		)),
		...(await tabled(page, 'table.board')),
	],
	want: ({items, groups}) => [
		...items.map(one =>
			[
				one.verdict,
				label(one),
				one.group,
				exits(one.exits, one.verdict),
				one.as_path.join(' '),
				rtt(one.dest_rtt_us),
				...(items.some(other => other.e2e) ? quality(one.e2e) : []),
			].join(' | ')
		),
		...groups.map(({group, verdicts, n_targets}) =>
			[
				group,
				// What the bar of the group says when one points at it.
				Object.entries(verdicts)
					.filter(([, n]) => n)
					.map(([verdict, n]) => `${verdict}: ${n}`)
					.join(''),
				n_targets,
				...['inside', 'direct', 'undecided', 'transit', 'detour'].map(
					verdict => verdicts[verdict]
				),
			].join(' | ')
		),
	],
};

const flow = {
	hash: '#/flow',
	open: async page => {
		await page.waitForSelector('.sankey svg path');
		await page.locator('.numbers summary').click();
	},
	read: async page => {
		const lines = await tabled(page, '.numbers table');
		return lines.map(line => line.replace(/ \| [\d.]+ %$/, ''));
	},
	want: ({nodes, links}) => {
		const name = id => {
			const node = nodes.find(one => one.id === id);
			return node.asn ? network({asn: node.asn, as_name: node.label}) : node.label;
		};
		return links.flatMap(({source, target, verdicts}) =>
			Object.entries(verdicts)
				.filter(([, n]) => n)
				.map(([verdict, n]) => [name(source), name(target), verdict, n].join(' | '))
		);
	},
};

const measures = e2e => {
	const how = [e2e.late && `${e2e.late} late`, e2e.refused && `${e2e.refused} refused`].filter(Boolean);
	return [
		`${e2e.received} of ${e2e.sent}`,
		[pct(e2e.loss_pct), how.join(', ')].join(' ').trim(),
		...['jitter', 'rtt_min', 'rtt_p50', 'rtt_p95', 'rtt_p99', 'rtt_max'].map(key => rtt(e2e[`${key}_us`])),
	];
};
const path = {
	hash: target('zenn.dev'),
	read: async page => [
		...(await page
			.locator('details.path summary')
			.evaluateAll(all =>
				all.map(one => [...one.children].map(part => part.textContent).join(' | '))
			)),
		...(await tabled(page, 'table.hops')),
		...(await page
			.locator('.quality h3')
			.evaluateAll(heads =>
				heads.map(head =>
					[head, ...head.nextElementSibling.querySelectorAll('dd')]
						.map(part => part.textContent.trim())
						.join(' | ')
				)
			)),
	],
	want: ({paths}) => [
		// Each destination once, whatever flows there are, if any was measured.
		...paths
			.filter(one => one.flow === 0 && paths.some(other => other.e2e))
			.map(({dest_ip, e2e}) => [dest_ip, ...(e2e ? measures(e2e) : [])].join(' | ')),
		...paths.map(one =>
			[
				one.verdict,
				`${one.dest_ip}, flow ${one.flow}`,
				one.as_path.join(' '),
				one.reached ? '' : 'not reached',
			].join(' | ')
		),
		...paths[0].hops.map(hop =>
			(hop.silent
				? [hop.ttl, 'no answer', '', '', '', '', '']
				: [
						hop.ttl,
						hop.ip,
						hop.asn ? network(hop) : '–',
						hop.ptr ?? '',
						hop.site ?? '',
						rtt(hop.rtt_us),
						hop.reply,
					]
			).join(' | ')
		),
	],
};

const heat = {
	hash: '#/heat',
	read: page =>
		page.locator('.rows-body .row').evaluateAll(rows =>
			rows.map(row => {
				const boxes = [...row.querySelectorAll('.strip g')].map(box => {
					const [ground, verdict] = box.querySelectorAll('rect');
					return (
						(verdict?.getAttribute('class') ?? '. ') +
						'×' +
						ground.getAttribute('width')
					);
				});
				return [
					row.querySelector('.c-name').textContent,
					row.querySelector('.c-group').textContent,
					...boxes,
				].join(' | ');
			})
		),
	want: ({targets}) =>
		targets.map(one => {
			const cells = [...one.cells]
				.reverse()
				.join('')
				.match(/(.)\1*/g);
			const boxes = cells.map(same => `${letters[same[0]] ?? '. '}×${same.length}`);
			return [label(one), one.group, ...boxes].join(' | ');
		}),
};

const changes = {
	hash: '#/changes',
	read: async page =>
		(await listed(page, 'kind', 'name', 'path')).map(line =>
			line.replace(/, [\d.]+ \S+ (slower|faster|more|less)$/, '')
		),
	want: ({items}) =>
		items.map(one =>
			[
				(one.state === 'recovered' ? '✓ ' : '') + kinds[one.kind],
				label({...one, name: one.target}),
				`${side(one, one.old)} → ${side(one, one.new)}`,
			].join(' | ')
		),
};

const as = {
	hash: '#/as?asn=8075',
	read: async page => [
		...(await listed(page, 'verdict', 'name')),
		...(await underHead(page, 'Handed over to it by')).map(line => `from ${line}`),
		...(await underHead(page, 'It hands over to')).map(line => `to ${line}`),
	],
	want: ({asn, targets, handovers}) => [
		...targets.map(one => `${one.verdict} | ${label(one)}`),
		...handovers
			.filter(one => one.to_asn === asn)
			.map(
				one =>
					`from ${[network({asn: one.from_asn, as_name: one.from_name}), one.paths, rtt(one.rtt_p50_us)].join(' | ')}`
			),
		...handovers
			.filter(one => one.from_asn === asn)
			.map(
				one =>
					`to ${[network({asn: one.to_asn, as_name: one.to_name}), one.paths, rtt(one.rtt_p50_us)].join(' | ')}`
			),
	],
};

const both = (a, b) => (a === b ? a : `${a} → ${b}`);
const compare = {
	hash: '#/compare?mode=all',
	read: async page => [
		...(await listed(page, 'two', 'name', 'rtts', ...(await had(page, 'losses', 'medians')))),
		...(await underHead(page, 'Exits')),
	],
	want: ({targets, exits: list}) => [
		...targets.map(({a, b, ...one}) => {
			const is_measured = targets.some(other => other.a?.e2e || other.b?.e2e);
			const [losses, medians] = quality(a.e2e).map((text, i) => both(text, quality(b.e2e)[i]));
			return [
				both(a.verdict, b.verdict),
				label(one),
				both(rtt(a.dest_rtt_us), rtt(b.dest_rtt_us)),
				...(is_measured ? [losses, medians] : []),
			].join(' | ');
		}),
		...list.map(one => {
			const more = one.b_paths - one.a_paths;
			return [
				network(one),
				one.a_paths,
				one.b_paths,
				more > 0 ? `+${more}` : more < 0 ? `−${-more}` : '0',
			].join(' | ');
		}),
	],
};

const flat = (object, before = '') =>
	Object.entries(object).flatMap(([key, value]) =>
		value !== null && typeof value === 'object' ? flat(value, `${before}${key}.`) : [[before + key, value]]
	);
const run = {
	hash: '#/run',
	read: async page => [...(await tabled(page, 'table.counters')), ...(await tabled(page, 'table.slim'))],
	want: ({accounting, databases}) => [
		...flat(accounting)
			.filter(([, value]) => typeof value === 'number' || value === null)
			.map(([name, value]) => `${name} | ${number(value)}`),
		...databases.map(one => [one.layer, one.name, number(one.rows)].join(' | ')),
	],
	trim: line => line.replace(/^((?:overlay|ixp|builtin|database) \| .* \| [\d,]+) \| .*$/, '$1'),
};

export const views = {board, flow, target: path, heat, changes, as, compare, run};
export {quality, target};
