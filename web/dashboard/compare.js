// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two runs side by side: two times, or two vantages.
import {get, url} from './api.js';
import {clean, el, scroller, table} from './dom.js';
import {agentOf, empty, exitsText, heading, networkLink, runNamer, select, targetFilter, targetLink} from './parts.js';
import {HIGH_PCT, isMeasured, loss, total} from './quality.js';
import {makeRows} from './rows.js';
import {count, counted, groupName, lossText, networkText, pathText, pill, rtt} from './words.js';

const RUNS_LISTED = 500;
const MODES = [
	['changed', 'only what changed'],
	['worse', 'only what got worse'],
	['all', 'all targets'],
];
const LOSS_MODE = ['loss', 'only what loses more'];

const isKnown = value => value !== null && value !== undefined;
const pair = (a, b) => (a.textContent === b.textContent ? [b] : [a, el('span', 'arrow', ' → '), b]);
const exits = one => el('span', 'value', one ? exitsText(one.exits, one.verdict) : '');
// Where it leaves in both; where that is the same, how the ways there differ.
const ways = ({a, b}) => {
	const both = pair(exits(a), exits(b)),
		paths = [a, b].map(one => pathText(one?.as_path));
	const differ = both.length === 1 && a && b && paths[0] !== paths[1];
	return el('span', 'from-to', both, differ && el('span', 'none', `, path ${paths.join(' → ')}`));
};
const verdictOf = one => (one ? pill(one.verdict) : el('span', 'none', 'not in it'));
const lossOf = one => el('span', '', loss(one?.e2e));
const medianOf = one => el('span', '', rtt(one?.e2e?.rtt_p50_us) ?? '–');
// So many points more are lost; unknown where one of the two is.
const moreLoss = ({a, b}) =>
	isKnown(a?.e2e?.loss_pct) && isKnown(b?.e2e?.loss_pct) ? b.e2e.loss_pct - a.e2e.loss_pct : null;
const rttOf = one => el('span', '', one ? (rtt(one.dest_rtt_us) ?? '–') : '–');

const change = n =>
	el('span', n > 0 ? 'rise' : n < 0 ? '' : 'zero', n > 0 ? `+${count(n)}` : n < 0 ? `−${count(-n)}` : '0');
const sideName = (answer, side) => {
	const agent = isTwoVantages(answer) ? answer[side + '_agent'] : null;
	return agent ? clean(agent) : side.toUpperCase();
};
const exitTable = answer =>
	answer.exits.length === 0
		? empty('Neither run leaves home.')
		: scroller(
				'Exits',
				table(
					'slim',
					[
						'Leaves home to',
						[sideName(answer, 'a'), 'num'],
						[sideName(answer, 'b'), 'num'],
						['Change', 'num'],
					],
					[...answer.exits]
						.sort(
							(x, y) =>
								Math.abs(y.b_paths - y.a_paths) -
									Math.abs(x.b_paths - x.a_paths) ||
								y.b_paths - x.b_paths
						)
						.map(row => [
							networkLink(row),
							count(row.a_paths),
							count(row.b_paths),
							change((row.b_paths ?? 0) - (row.a_paths ?? 0)),
						])
				)
			);

const text = target =>
	[
		target.name,
		target.port,
		target.group,
		target.a?.verdict,
		target.b?.verdict,
		pathText(target.a?.as_path),
		pathText(target.b?.as_path),
		...[...(target.a?.exits ?? []), ...(target.b?.exits ?? [])].map(networkText),
	].join(' ');

// ---- which two ----

// A run is named by its number, and by its agent where there are several. {run, agent} of a side, as the address says.
const named = (params, side) => ({run: params[side] ?? null, agent: params[side + '_agent'] ?? null});
const isSame = (run, one) => String(run.run) === String(one.run) && (one.agent === null || run.agent === one.agent);
const sides = (a, b) => ({a: a.run, a_agent: agentOf(a), b: b.run, b_agent: agentOf(b)});

// The two to begin with: the newest, and the one before it of the same audit and agent; where there is none, the newest
// of another agent.
const usual = (runs, params) => {
	const b = (params.b ? runs.find(run => isSame(run, named(params, 'b'))) : runs[0]) ?? named(params, 'b');
	const others = runs.filter(run => (run.audit ?? '') === (b.audit ?? '') && !isSame(run, b));
	const before =
		others.find(run => run.agent === b.agent && run.started_ms < b.started_ms) ??
		others.find(run => run.agent !== b.agent);
	const a = params.a ? (runs.find(run => isSame(run, named(params, 'a'))) ?? named(params, 'a')) : before;
	return {a: a ?? named(params, 'a'), b};
};

const keyOf = run => JSON.stringify([run.run, agentOf(run)]);
const picker = (label, runs, one, chosen) => {
	const name = runNamer(runs);
	const options = runs.map(run => [keyOf(run), name(run)]);
	if (!options.some(([key]) => key === keyOf(one))) options.unshift([keyOf(one), String(one.run ?? '')]);
	const pick = key => {
		const [run, agent] = JSON.parse(key);
		chosen({run, agent});
	};
	return el('label', 'pick', el('b', '', label), ' ', select(`Run ${label}`, options, keyOf(one), pick));
};

// Two times of one vantage, or two vantages.
const isTwoVantages = answer => agentOf({agent: answer.a_agent}) !== null && answer.a_agent !== answer.b_agent;

const summary = (answer, n_changed, n_worse) => {
	const line = el(
		'p',
		'answer',
		el('b', '', count(n_changed)),
		` of ${counted(answer.targets.length, 'target')} `,
		n_changed === 1 ? 'differs' : 'differ'
	);
	if (n_worse && isTwoVantages(answer))
		line.append(
			'; ',
			el('b', '', count(n_worse)),
			` ${n_worse === 1 ? 'is' : 'are'} worse from ${clean(answer.b_agent)}`
		);
	else if (n_worse) line.append('; ', el('b', '', count(n_worse)), ' got worse');
	line.append('.');
	return line;
};

// How much was lost of all probes to destinations themselves; null where neither run has any.
const lossLine = answer => {
	const said = ['a', 'b'].map(side => {
		const all = total(answer.targets.map(target => target[side]?.e2e));
		const name = sideName(answer, side);
		return all
			? `${name} lost ${lossText(all.loss_pct)} of ${counted(all.sent, 'probe')}`
			: `${name} was not measured`;
	});
	return el('p', 'note quality-line', `End to end, ${said.join('; ')}.`);
};

export const show = async (params, ctx) => {
	const list = await get('runs', {limit: RUNS_LISTED}, ctx.signal);
	const {a, b} = usual(list.items, params);
	const rest = {q: params.q, verdict: params.verdict, group: params.group, mode: params.mode};
	const title = 'Compare';
	const pickers = el(
		'div',
		'filter',
		picker('A', list.items, a, one => ctx.go('compare', {...sides(one, b), ...rest})),
		picker('B', list.items, b, one => ctx.go('compare', {...sides(a, one), ...rest}))
	);
	if (!a.run || !b.run)
		return {
			title,
			json: url('runs', {}),
			nodes: [heading(title), empty('There is one run so far; a comparison takes two.')],
		};
	const answer = await get('compare', sides(a, b), ctx.signal);
	const is_measured = answer.targets.some(({a, b}) => isMeasured(a?.e2e) || isMeasured(b?.e2e));
	const modes = is_measured ? [...MODES, LOSS_MODE] : MODES;
	const holds = {
		all: () => true,
		worse: target => target.worse,
		changed: target => target.changed,
		loss: target => (moreLoss(target) ?? 0) >= HIGH_PCT,
	};
	const rows = makeRows({
		label: 'Targets of both runs',
		className: is_measured ? 'compared measured' : 'compared',
		none: 'Nothing differs, as far as these filters look.',
		heads: [
			['Verdict', 'c-two'],
			['Target', 'c-name'],
			['Group', 'c-group'],
			['Leaves home to', 'c-path'],
			['RTT', 'c-rtts num'],
			...(is_measured
				? [
						['E2E loss', 'c-losses num'],
						['E2E RTT', 'c-medians num'],
					]
				: []),
		],
		cells: target => [
			el(
				'span',
				target.worse ? 'from-to worse' : 'from-to',
				pair(verdictOf(target.a), verdictOf(target.b))
			),
			targetLink(target, target.b ? b : a),
			groupName(target.group),
			ways(target),
			el('span', 'from-to', pair(rttOf(target.a), rttOf(target.b))),
			...(is_measured
				? [
						el('span', 'from-to', pair(lossOf(target.a), lossOf(target.b))),
						el('span', 'from-to', pair(medianOf(target.a), medianOf(target.b))),
					]
				: []),
		],
	});
	const wanted = modes.some(([name]) => name === params.mode) ? params.mode : 'changed';
	const mode = select('Which', modes, wanted, () => filter.apply());
	const filter = targetFilter({
		items: answer.targets,
		params,
		text,
		verdictOf: target => (target.b ?? target.a)?.verdict ?? null,
		extra: [mode],
		holds: target => holds[mode.value](target),
		applied: (items, state) => {
			const byLoss = (x, y) => (mode.value === 'loss' ? moreLoss(y) - moreLoss(x) : 0);
			rows.set([...items].sort((x, y) => byLoss(x, y) || y.worse - x.worse || y.changed - x.changed));
			ctx.keep({
				...(params.a || params.b ? sides(a, b) : {}),
				mode: mode.value === 'changed' ? null : mode.value,
				...state,
			});
		},
	});
	return {
		title,
		json: url('compare', sides(a, b)),
		rows,
		ready: filter.apply,
		nodes: [
			heading(title),
			pickers,
			summary(
				answer,
				answer.targets.filter(target => target.changed).length,
				answer.targets.filter(target => target.worse).length
			),
			is_measured ? lossLine(answer) : null,
			el('h2', '', 'Exits'),
			exitTable(answer),
			el('h2', '', 'Targets'),
			filter.node,
			rows.node,
		],
	};
};
