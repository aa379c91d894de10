// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Where traffic flows: group, the AS that home hands over to (or that it stays inside), the destination's AS; how that
// shared out over time; and who has which role.
import {get, url} from './api.js';
import {runBars, sankey, shareTitle} from './charts.js';
import {el, scroller, table} from './dom.js';
import {agentOf, empty, heading, link, networkLink, runLine, runParams, runPath, runQuery} from './parts.js';
import {
	VERDICTS,
	asText,
	count,
	counted,
	groupName,
	known,
	networkText,
	percent,
	pill,
	rtt,
	verdictMeaning,
	verdictName,
} from './words.js';

const EXITS_SHOWN = 6; // with a colour of their own
const COLUMN = {group: 0, exit: 1, stay: 1, dest: 2};

const isExchange = node => node.kind === 'exit' && /^IXP:/.test(node.label ?? '');
const nodeLabel = node => {
	if (node.kind === 'group') return groupName(node.label);
	if (isExchange(node)) return node.label.replace('IXP:', 'exchange ');
	return node.asn === null ? (node.label ?? 'unknown network') : asText(node.asn, node.label);
};

// A link for each verdict that its paths have: what is handed to a network may be carried on by it or be at home there.
const byVerdict = links =>
	links.flatMap(({source, target, paths, verdicts}) => {
		const parts = VERDICTS.map((verdict, i) => ({verdict, color: 'v' + i, paths: verdicts[verdict] ?? 0}));
		const judged = parts.reduce((sum, part) => sum + part.paths, 0);
		parts.push({verdict: null, color: 'v5', paths: paths - judged});
		return parts.filter(part => part.paths > 0).map(part => ({source, target, ...part}));
	});

// An exit has the colour of most of its paths.
const colorsOfExits = links => {
	const most = new Map();
	for (const {target, paths, color} of links)
		if (paths > (most.get(target)?.paths ?? 0)) most.set(target, {paths, color});
	return most;
};

const drawnOf = ({nodes, links}, params) => {
	const by_id = new Map(nodes.map(node => [node.id, node]));
	const split = byVerdict(links.filter(one => by_id.has(one.source) && by_id.has(one.target)));
	const most = colorsOfExits(split);
	const colorOf = node => {
		if (node.kind === 'group' || node.kind === 'dest') return 'soft';
		return isExchange(node) ? 'ixp' : (most.get(node.id)?.color ?? 'v5');
	};
	const hrefOf = node => {
		if (node.kind === 'group') return link('board', {...runParams(params), group: node.label});
		return node.asn ? link('as', {asn: node.asn, ...runParams(params)}) : null;
	};
	return {
		nodes: nodes.map(node => ({
			...node,
			column: COLUMN[node.kind],
			color: colorOf(node),
			href: hrefOf(node),
			label: nodeLabel(node),
		})),
		links: split,
	};
};

// What the colours mean, and how many paths have them.
const verdictKey = ({nodes, links}) => {
	const into = new Set(nodes.filter(node => node.column === 2).map(node => node.id));
	const sums = new Map();
	let all = 0;
	for (const {target, verdict, color, paths} of links) {
		if (!into.has(target)) continue;
		sums.set(color, {verdict, paths: (sums.get(color)?.paths ?? 0) + paths});
		all += paths;
	}
	return el(
		'ul',
		'legend',
		[...sums]
			.sort()
			.map(([color, {verdict, paths}]) =>
				el(
					'li',
					color,
					{title: verdictMeaning(verdict)},
					el('span', 'name', verdictName(verdict)),
					el('span', 'share', `${percent(paths, all)} (${counted(paths, 'path')})`)
				)
			)
	);
};

const flowTable = ({nodes, links}) => {
	const by_id = new Map(nodes.map(node => [node.id, node]));
	const cell = node => (node.href ? el('a', '', {href: node.href}, node.label) : node.label);
	const into = new Map();
	links.forEach(one => into.set(one.source, (into.get(one.source) ?? 0) + one.paths));
	return scroller(
		'Flows as a table',
		table(
			'',
			['From', 'To', 'Verdict', ['Paths', 'num'], ['Share of from', 'num']],
			[...links]
				.sort(
					(a, b) =>
						COLUMN[by_id.get(a.source).kind] - COLUMN[by_id.get(b.source).kind] ||
						b.paths - a.paths
				)
				.map(one => [
					cell(by_id.get(one.source)),
					cell(by_id.get(one.target)),
					pill(one.verdict),
					count(one.paths),
					percent(one.paths, into.get(one.source)),
				])
		)
	);
};

const numbers = drawn => el('details', 'numbers', el('summary', '', 'The flows in numbers'), flowTable(drawn));

// ---- over time ----

const ranked = runs => {
	const sums = new Map();
	for (const run of runs) {
		for (const exit of run.exits) {
			const name = networkText(exit);
			sums.set(name, (sums.get(name) ?? 0) + exit.paths);
		}
	}
	return [...sums].sort((a, b) => b[1] - a[1]).map(([name]) => name);
};

// [class, paths, name] a part, from the ground up: inside, the large exits, the others, what is not known.
const partsOf = (run, large) => {
	const of = new Map();
	run.exits.forEach(exit => of.set(networkText(exit), (of.get(networkText(exit)) ?? 0) + exit.paths));
	const shown = large.map((name, i) => [`c${i}`, of.get(name) ?? 0, name]);
	const all_exits = run.exits.reduce((sum, exit) => sum + exit.paths, 0);
	const others = all_exits - shown.reduce((sum, [, paths]) => sum + paths, 0);
	return [
		['v0', run.inside, 'stays inside'],
		...shown,
		['cx', others, 'other networks'],
		['v2', Math.max(0, run.total - run.inside - all_exits), 'not known'],
	];
};

const overTime = (runs, params) => {
	if (runs.length === 0) return [empty('No history yet: it begins with the second run.')];
	const large = ranked(runs).slice(0, EXITS_SHOWN);
	const all = runs.map(run => ({run, parts: partsOf(run, large)}));
	const bars = runBars(
		'Share of paths by exit, one bar a run',
		all.map(({run, parts}) => ({
			started_ms: run.started_ms,
			whole: run.total,
			parts,
			href: link('flow', {run: run.run, agent: agentOf(run)}),
			title: shareTitle(
				run,
				parts.filter(([, paths]) => paths).map(([, paths, name]) => [name, paths]),
				run.total
			),
		}))
	);
	const chosen = all.find(({run}) => String(run.run) === params.run) ?? all[all.length - 1];
	const legend = el(
		'ul',
		'legend',
		chosen.parts
			.filter(([kind, paths]) => paths || /^c\d/.test(kind))
			.map(([kind, paths, name]) =>
				el(
					'li',
					kind,
					el('span', 'name', name),
					el('span', 'share', percent(paths, chosen.run.total))
				)
			)
	);
	return [bars, legend];
};

// ---- egress ----

const egressTable = (items, params) =>
	items.length === 0
		? empty('No network has a role in this run.')
		: scroller(
				'Egress by network',
				table(
					'egress',
					[
						'Role',
						'Network',
						['Paths', 'num'],
						['Targets', 'num'],
						['Exit routers', 'num'],
						'Sites',
						['Hand-over p50', 'num'],
						['p95', 'num'],
						['p99', 'num'],
						['Cold-potato share', 'num'],
					],
					items.map(row => [
						row.role,
						networkLink(row, params),
						count(row.paths),
						count(row.targets),
						count(row.exit_routers),
						el(
							'span',
							'sites',
							(row.exit_sites ?? []).map(site => site.place).join(', ')
						),
						known(rtt(row.handover_p50_us)),
						known(rtt(row.handover_p95_us)),
						known(rtt(row.handover_p99_us)),
						known(row.cold_share_pct, `${row.cold_share_pct} %`),
					])
				)
			);

export const show = async (params, ctx) => {
	const query = runQuery(params);
	const [run, flow, egress] = await Promise.all(
		['', '/flow', '/egress'].map(rest => get(runPath(params, rest), query, ctx.signal))
	);
	const history = await get('flow-history', {audit: run.audit, agent: run.agent}, ctx.signal);
	const runs = [...history.runs].sort((a, b) => a.started_ms - b.started_ms);
	const drawn = drawnOf(flow, {run: params.run, audit: params.audit, agent: run.agent});
	const diagram = drawn.links.length
		? sankey({...drawn, heads: ['Group', 'Leaves home to', 'Destination’s network']})
		: null;
	return {
		title: 'AS flow',
		json: url(runPath(params, '/flow'), query),
		ready: () => diagram?.start(),
		stop: () => diagram?.stop(),
		nodes: [
			heading('AS flow', runLine(run, params)),
			diagram ? verdictKey(drawn) : null,
			diagram ? diagram.node : empty('No path of this run could be followed.'),
			el('h2', '', 'Share over time'),
			overTime(runs, params),
			el('h2', '', 'Egress by network'),
			egressTable(egress.items, params),
			drawn.links.length ? numbers(drawn) : null,
		],
	};
};
