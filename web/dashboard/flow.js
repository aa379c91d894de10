// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Where traffic flows: group, the AS that home hands over to (or that it stays inside), the destination's AS; how that
// shared out over time; and who has which role.
import {get, url} from './api.js';
import {runBars, sankey, shareTitle} from './charts.js';
import {el, scroller, table} from './dom.js';
import {empty, heading, link, networkLink, runLine, runParams, runPath, runQuery} from './parts.js';
import {asText, count, groupName, known, networkText, percent, rtt} from './words.js';

const EXITS_SHOWN = 6; // with a colour of their own
const COLUMN = {group: 0, exit: 1, stay: 1, dest: 2};

const isExchange = node => node.kind === 'exit' && /^IXP:/.test(node.label ?? '');
const nodeLabel = node => {
	if (node.kind === 'group') return groupName(node.label);
	if (isExchange(node)) return node.label.replace('IXP:', 'exchange ');
	return node.asn === null ? (node.label ?? 'unknown network') : asText(node.asn, node.label);
};

// A hand-over is straight where the destination is in the AS that is handed to.
const coloured = ({nodes, links}, params) => {
	const by_id = new Map(nodes.map(node => [node.id, node]));
	const carries = new Set(
		links
			.filter(
				({source, target}) =>
					by_id.get(source)?.kind === 'exit' &&
					by_id.get(source).asn !== by_id.get(target)?.asn
			)
			.map(one => one.source)
	);
	const colorOf = node => {
		if (node.kind !== 'exit') return node.kind === 'stay' ? 'v0' : 'soft';
		if (node.asn === null) return isExchange(node) ? 'ixp' : 'v2';
		return carries.has(node.id) ? 'v3' : 'v1';
	};
	const hrefOf = node => {
		if (node.kind === 'group') return link('board', {...runParams(params), group: node.label});
		return node.asn ? link('as', {asn: node.asn, ...runParams(params)}) : null;
	};
	const drawn = nodes.map(node => ({
		...node,
		column: COLUMN[node.kind],
		color: colorOf(node),
		href: hrefOf(node),
		label: nodeLabel(node),
	}));
	const middle = one => by_id.get(by_id.get(one.target)?.kind === 'dest' ? one.source : one.target);
	return {
		nodes: drawn,
		links: links
			.filter(one => by_id.has(one.source) && by_id.has(one.target))
			.map(one => ({...one, color: colorOf(middle(one))})),
	};
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
			['From', 'To', ['Paths', 'num'], ['Share of from', 'num']],
			[...links]
				.sort(
					(a, b) =>
						COLUMN[by_id.get(a.source).kind] - COLUMN[by_id.get(b.source).kind] ||
						b.paths - a.paths
				)
				.map(one => [
					cell(by_id.get(one.source)),
					cell(by_id.get(one.target)),
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
			href: link('flow', {run: run.run}),
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
	const history = await get('flow-history', {audit: run.audit}, ctx.signal);
	const runs = [...history.runs].sort((a, b) => a.started_ms - b.started_ms);
	const drawn = coloured(flow, params);
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
			diagram ? diagram.node : empty('No path of this run could be followed.'),
			el('h2', '', 'Share over time'),
			overTime(runs, params),
			el('h2', '', 'Egress by network'),
			egressTable(egress.items, params),
			drawn.links.length ? numbers(drawn) : null,
		],
	};
};
