// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The heat map: targets down, runs across, a colour for each verdict.
import {get, url} from './api.js';
import {timeAxis, verdictStrip} from './charts.js';
import {el} from './dom.js';
import {
	agentNames,
	empty,
	haveCloseTimes,
	heading,
	link,
	select,
	severalAgents,
	targetFilter,
	targetParams,
} from './parts.js';
import {makeRows} from './rows.js';
import {LETTERS, VERDICTS, count, counted, groupName, targetLabel, time, utc, verdictBadness} from './words.js';

const RUNS = ['24', '48', '96', '200'];
const USUAL = '48';
const ORDERS = [
	['changes', 'most changes first'],
	['worst', 'worst first'],
	['listed', 'as listed'],
];

const verdictAt = (cells, i) => LETTERS[cells[i]];
const lastVerdict = cells => LETTERS[[...cells].reverse().find(letter => letter !== '.')] ?? null;
const nChanges = cells => {
	let n = 0,
		before = '.';
	for (const letter of cells) {
		if (letter !== '.' && before !== '.' && letter !== before) n++;
		before = letter === '.' ? before : letter;
	}
	return n;
};

const sorted = (targets, order) => {
	const rank = {changes: target => -target.n_changes, worst: target => -verdictBadness(target.last)}[order];
	return rank ? [...targets].sort((a, b) => rank(a) - rank(b)) : targets;
};

const makeMap = (runs, line) => {
	const is_close = haveCloseTimes(runs);
	let column = runs.length - 1;
	const linkAt = (target, i) =>
		link('target', targetParams(target, i === runs.length - 1 ? {agent: runs[i].agent} : runs[i]));
	const by_link = new WeakMap();
	const say = target => {
		line.replaceChildren(
			targetLabel(target),
			' at ',
			time(runs[column].started_ms, is_close),
			': ',
			verdictAt(target.cells, column) ?? 'not measured'
		);
	};
	const rows = makeRows({
		label: 'Verdicts of targets over time',
		className: 'heat',
		none: 'No target is left by these filters.',
		heads: [
			['Target', 'c-name'],
			['Group', 'c-group'],
			[timeAxis(runs), 'c-strip'],
			['Changed', 'c-n num'],
		],
		cells: target => {
			const a = el('a', '', {href: linkAt(target, column), title: target.name}, targetLabel(target));
			by_link.set(a, target);
			const picture = verdictStrip(
				[...target.cells].map((letter, i) => verdictAt(target.cells, i)),
				(first, last) =>
					`${verdictAt(target.cells, first) ?? 'not measured'}, ${utc(runs[first].started_ms)}` +
					(last > first ? ` to ${utc(runs[last].started_ms)}` : ''),
				i => (location.hash = linkAt(target, i))
			);
			return [a, groupName(target.group), picture, String(target.n_changes)];
		},
	});
	const point = a => {
		const target = by_link.get(a);
		if (!target) return;
		a.setAttribute('href', linkAt(target, column));
		say(target);
	};
	rows.node.addEventListener('focusin', event => point(event.target));
	rows.node.addEventListener('keydown', event => {
		const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
		if (!step) return;
		event.preventDefault();
		column = Math.min(Math.max(column + step, 0), runs.length - 1);
		point(event.target);
	});
	return rows;
};

export const show = async (params, ctx) => {
	const agent = params.agent ?? (severalAgents() ? (await get('runs/latest', {}, ctx.signal)).agent : null);
	const query = {audit: params.audit, agent, runs: params.runs ?? USUAL};
	const map = await get('heatmap', query, ctx.signal);
	const title = 'Heat map',
		json = url('heatmap', query);
	if (map.runs.length === 0 || map.targets.length === 0)
		return {title, json, nodes: [heading(title), empty('Nothing was measured yet.')]};
	const order = map.runs.map((run, i) => i).sort((a, b) => map.runs[a].started_ms - map.runs[b].started_ms);
	const runs = order.map(i => map.runs[i]);
	const targets = map.targets.map(target => {
		const cells = order.map(i => target.cells[i] ?? '.').join('');
		return {...target, cells, n_changes: nChanges(cells), last: lastVerdict(cells)};
	});
	const line = el('p', 'note pointed', {'aria-live': 'polite'});
	const rows = makeMap(runs, line);
	const sorting = select('Order', ORDERS, params.sort ?? 'changes', () => filter.apply());
	const window = select(
		'Runs',
		RUNS.map(n => [n, `last ${n} runs`]),
		query.runs,
		n => ctx.go('heat', {...params, runs: n})
	);
	const vantage =
		severalAgents() &&
		select(
			'Seen from',
			agentNames().map(name => [name, `from ${name}`]),
			agent,
			name => ctx.go('heat', {...params, agent: name})
		);
	const filter = targetFilter({
		items: targets,
		params,
		verdictOf: target => target.last,
		extra: [vantage, sorting, window],
		text: target => `${target.name} ${target.port ?? ''} ${target.group ?? ''} ${target.last ?? ''}`,
		applied: (items, state) => {
			rows.set(sorted(items, sorting.value));
			ctx.keep({
				audit: params.audit,
				agent,
				runs: params.runs,
				sort: sorting.value === 'changes' ? null : sorting.value,
				...state,
			});
		},
	});
	const n_changed = targets.filter(target => target.n_changes).length;
	return {
		title,
		json,
		rows,
		ready: filter.apply,
		nodes: [
			heading(
				title,
				el(
					'p',
					'note',
					`${counted(runs.length, 'run')} from `,
					time(runs[0].started_ms),
					' to ',
					time(runs[runs.length - 1].started_ms),
					` · ${count(n_changed)} of ${counted(targets.length, 'target')} changed`
				)
			),
			filter.node,
			el(
				'div',
				'figure-top',
				el(
					'ul',
					'legend by-height',
					VERDICTS.map((name, i) => el('li', 'v' + i, name)),
					el('li', 'missing', 'not measured')
				),
				line
			),
			rows.node,
		],
	};
};
