// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The verdict board: how the groups of a run fare, and all its targets.
import {get, getAll, url} from './api.js';
import {button, el} from './dom.js';
import {
	exitsText,
	heading,
	runLine,
	runParams,
	runPath,
	runQuery,
	select,
	targetFilter,
	targetLink,
	verdictBar,
} from './parts.js';
import * as quality from './quality.js';
import {makeRows} from './rows.js';
import {
	VERDICTS,
	count,
	counted,
	groupName,
	known,
	networkText,
	pathText,
	pill,
	rtt,
	time,
	verdictBadness,
} from './words.js';

const FEW_GROUPS = 12;
const ORDERS = [
	['worst', 'worst first'],
	['changed', 'changed last first'],
	['slowest', 'slowest first'],
	['name', 'by name'],
	['listed', 'as listed'],
];
const RANKS = {
	worst: (a, b) => verdictBadness(b.verdict) - verdictBadness(a.verdict),
	changed: (a, b) => (b.changed_ms ?? -1) - (a.changed_ms ?? -1),
	slowest: (a, b) => (b.dest_rtt_us ?? -1) - (a.dest_rtt_us ?? -1),
	name: (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
	listed: () => 0,
	...quality.RANKS,
};

const sentence = (verdicts, n_targets) => {
	const say = {
		direct: ['goes', 'go', 'straight to the destination’s network'],
		transit: ['is', 'are', 'carried by a third network'],
		detour: ['takes', 'take', 'a detour'],
		undecided: ['is', 'are', 'undecided'],
	};
	const line = el(
		'p',
		'answer',
		el('b', '', count(verdicts.inside)),
		` of ${counted(n_targets, 'target')} `,
		verdicts.inside === 1 ? 'stays inside' : 'stay inside'
	);
	for (const name of ['direct', 'transit', 'detour', 'undecided']) {
		const n = verdicts[name];
		if (n) line.append('; ', el('b', '', count(n)), ` ${say[name][n === 1 ? 0 : 1]} ${say[name][2]}`);
	}
	line.append('.');
	return line;
};

const groupTable = (groups, choose) => {
	const line = ({group, verdicts, n_targets}) => {
		const whole = n_targets ?? Object.values(verdicts).reduce((sum, n) => sum + (n ?? 0), 0);
		return el(
			'tr',
			'',
			el(
				'th',
				'',
				{scope: 'row'},
				button('plain', groupName(group), () => choose(group ?? ''), {title: 'Only this group'})
			),
			el('td', 'wide', verdictBar(verdicts)),
			el('td', 'num', count(whole)),
			VERDICTS.map(name =>
				el('td', verdicts[name] ? 'num each' : 'num each zero', count(verdicts[name] ?? 0))
			)
		);
	};
	const heads = el(
		'tr',
		'',
		el('th', '', {scope: 'col'}, 'Group'),
		el('th', 'wide', {scope: 'col'}),
		el('th', 'num', {scope: 'col'}, 'Targets'),
		VERDICTS.map((name, i) => el('th', 'num each', {scope: 'col'}, el('span', 'dot v' + i), name))
	);
	const body = el('tbody', '', groups.slice(0, FEW_GROUPS).map(line));
	const node = el('div', 'groups', el('table', 'board', el('thead', '', heads), body));
	if (groups.length > FEW_GROUPS) {
		const more = button('more', `Show all ${count(groups.length)} groups`, () => {
			body.append(...groups.slice(FEW_GROUPS).map(line));
			more.remove();
		});
		node.append(more);
	}
	return node;
};

// Those without a name come last.
const sortedGroups = groups => [...groups].sort((a, b) => !a.group - !b.group);

const text = target =>
	[
		target.name,
		target.port,
		target.protocol,
		target.group,
		target.verdict,
		pathText(target.as_path),
		(target.exits ?? []).map(exit => `${networkText(exit)} ${exit.site ?? ''}`).join(' '),
		(target.cname ?? []).join(' '),
		(target.reasons ?? []).join(' '),
	].join(' ');

export const show = async (params, ctx) => {
	const [run, list] = await Promise.all([
		get(runPath(params), runQuery(params), ctx.signal),
		getAll(runPath(params, '/targets'), runQuery(params), ctx.signal),
	]);
	// Columns and orders of what no target of the run has are left out.
	const is_measured = list.items.some(target => quality.isMeasured(target.e2e));
	const orders = is_measured ? [...ORDERS, ...quality.ORDERS] : ORDERS;
	const rows = makeRows({
		label: 'Targets',
		className: is_measured ? 'targets measured' : 'targets',
		none: 'No target is left by these filters.',
		heads: [
			['Verdict', 'c-verdict'],
			['Target', 'c-name'],
			['Group', 'c-group'],
			['Leaves home to', 'c-exit'],
			['AS path', 'c-path'],
			['RTT', 'c-rtt num'],
			...(is_measured ? quality.columns() : []),
			['Changed', 'c-time num'],
		],
		cells: target => [
			pill(target.verdict),
			targetLink(target, {run: params.run ? run.run : null, agent: run.agent}),
			groupName(target.group),
			exitsText(target.exits, target.verdict),
			known(pathText(target.as_path) || null),
			known(rtt(target.dest_rtt_us)),
			...(is_measured ? quality.cells(target.e2e) : []),
			time(target.changed_ms),
		],
	});
	const sorted = orders.some(([name]) => name === params.sort) ? params.sort : 'worst';
	const sorting = select('Order', orders, sorted, () => filter.apply());
	const filter = targetFilter({
		items: list.items,
		params,
		text,
		verdictOf: target => target.verdict ?? null,
		extra: [sorting],
		applied: (items, state) => {
			rows.set([...items].sort(RANKS[sorting.value]));
			ctx.keep({
				...runParams(params),
				sort: sorting.value === 'worst' ? null : sorting.value,
				...state,
			});
		},
	});
	const left_out = list.total - list.items.length;
	return {
		title: 'Verdicts',
		json: url(runPath(params, '/targets'), runQuery(params)),
		rows,
		nodes: [
			heading('Verdicts', runLine(run, params)),
			sentence(run.verdicts, run.n_targets),
			quality.sentence(list.items),
			groupTable(sortedGroups(list.groups ?? []), filter.setGroup),
			filter.node,
			left_out > 0
				? el('p', 'note', `${count(left_out)} more are not listed; the JSON has them.`)
				: null,
			rows.node,
		],
		ready: filter.apply,
	};
};
