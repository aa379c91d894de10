// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What several views are made of: links, headings, the filters above a list, bars of verdicts, and how runs are
// referred to.
import {button, clean, el, later, svg} from './dom.js';
import {
	VERDICTS,
	asText,
	count,
	counted,
	groupName,
	isTime,
	localTime,
	networkText,
	targetLabel,
	time,
	verdictIndex,
	verdictName,
	wordsOf,
} from './words.js';

const TYPING_MS = 80;

// ---- where things are ----

export const link = (view, params = {}) => {
	const given = Object.entries(params).filter(
		([, value]) => value !== null && value !== undefined && value !== ''
	);
	return `#/${view}` + (given.length ? '?' + new URLSearchParams(given) : '');
};

// Whose runs the store has. Where there are several agents, each of which may have a run of the same number, whatever
// names a run names its agent, too.
let agents = [];
export const learnAgents = names => (agents = [...new Set([...agents, ...names])].sort());
export const severalAgents = () => agents.length > 1;
export const agentNames = () => agents;
export const agentOf = run => (severalAgents() ? (run?.agent ?? null) : null);

// The part of a permalink that says which run is looked at: this one, or (without a run) the newest.
export const runParams = ({run, audit, agent}) => ({run, audit: run ? null : audit, agent: agentOf({agent})});
export const runPath = (params, rest = '') => `runs/${encodeURIComponent(params.run ?? 'latest')}${rest}`;
export const runQuery = params => ({audit: params.run ? null : params.audit, agent: params.agent});

// A target stays what it is from run to run; its number does not.
export const targetParams = (target, run = {}) => ({
	name: target.name,
	port: target.port,
	protocol: target.protocol,
	...runParams({...run, audit: null}),
});
export const targetLink = (target, run, className = '') =>
	el('a', className, {href: link('target', targetParams(target, run)), title: target.name}, targetLabel(target));
export const asLink = (asn, name, params = {}) =>
	asn === null || asn === undefined
		? asText(asn, name)
		: el('a', '', {href: link('as', {asn, ...runParams(params)})}, asText(asn, name));
export const networkLink = (one, params = {}) =>
	one.ixp !== null && one.ixp !== undefined ? networkText(one) : asLink(one.asn, one.as_name, params);

// ---- said in words ----

export const heading = (title, ...below) => el('div', 'title', el('h1', '', {tabindex: '-1'}, title), ...below);
export const empty = (...text) => el('p', 'empty', ...text);

export const runLine = (run, params) => {
	const line = el('p', 'note', params.run ? 'Run of ' : 'Latest run, ', time(run.started_ms));
	if (run.audit) line.append(', audit ', clean(run.audit));
	if (severalAgents()) line.append(', from ', el('b', 'agent', run.agent));
	line.append(` · ${counted(run.n_targets, 'target')} · ${counted(run.n_paths, 'path')}`);
	if (run.end_reason !== 'done')
		line.append(` · ${run.end_reason ? `ended: ${clean(run.end_reason)}` : 'unfinished'}`);
	return line;
};

// Whether two of some runs began in the same minute.
export const haveCloseTimes = runs => {
	const times = runs.filter(run => isTime(run.started_ms)).map(run => localTime(run.started_ms));
	return new Set(times).size < times.length;
};

// What to call each of some runs: its time, with seconds where the minute is no name, and its audit and agent where there
// are several.
export const runNamer = runs => {
	const several = key => new Set(runs.map(run => run[key] ?? '')).size > 1;
	const keys = ['audit', 'agent'].filter(several);
	const is_close = haveCloseTimes(runs);
	return run =>
		[
			isTime(run.started_ms) ? localTime(run.started_ms, is_close) : String(run.run),
			...keys.map(key => run[key]),
		]
			.filter(Boolean)
			.join(' · ');
};

export const exitsText = (exits, verdict) => {
	if (!exits || exits.length === 0)
		return el('span', 'none', verdict === 'inside' ? 'stays inside' : verdict ? 'not known' : '–');
	// One network can have several sites.
	const sums = new Map();
	exits.forEach(exit => sums.set(networkText(exit), (sums.get(networkText(exit)) ?? 0) + (exit.paths ?? 0)));
	return [...sums].map(([name, paths]) => (sums.size > 1 && paths ? `${name} (${paths})` : name)).join(', ');
};

// ---- bars ----

// One stacked bar: parts are [class, value, title].
export const bar = parts => {
	const whole = parts.reduce((sum, [, value]) => sum + value, 0);
	const node = svg('svg', 'bar', {viewBox: '0 0 1000 10', preserveAspectRatio: 'none', 'aria-hidden': 'true'});
	let x = 0;
	for (const [kind, value, title] of parts) {
		const width = whole ? (1000 * value) / whole : 0;
		if (width > 0)
			node.append(
				svg(
					'rect',
					kind,
					{x: x.toFixed(2), y: 0, width: width.toFixed(2), height: 10},
					svg('title', '', title)
				)
			);
		x += width;
	}
	return node;
};
export const verdictBar = verdicts =>
	bar(VERDICTS.map((name, i) => ['v' + i, verdicts[name] ?? 0, `${name}: ${count(verdicts[name])}`]));

// ---- filters ----

const chips = (present, chosen, apply) =>
	[...VERDICTS, null]
		.filter(verdict => present.has(verdict))
		.map(verdict => {
			const name = verdictName(verdict);
			const chip = button(
				'chip v' + verdictIndex(verdict),
				name,
				() => {
					chosen.has(name) ? chosen.delete(name) : chosen.add(name);
					chip.setAttribute('aria-pressed', String(chosen.has(name)));
					apply();
				},
				{'aria-pressed': String(chosen.has(name))}
			);
			return chip;
		});

export const select = (label, options, value, onchange) => {
	const node = el(
		'select',
		'',
		{'aria-label': label, onchange: () => onchange(node.value)},
		options.map(([key, text]) => el('option', '', {value: key}, text))
	);
	node.value = value ?? '';
	return node;
};

export const searchBox = (what, value, apply) =>
	el('input', '', {
		type: 'search',
		placeholder: `Search ${what} …`,
		'aria-label': `Search ${what}`,
		value: value ?? '',
		spellcheck: 'false',
		autocomplete: 'off',
		'data-search': true,
		oninput: later(apply, TYPING_MS),
	});

// Search, verdicts and groups above a list of targets. text(item) is what is searched; applied(items, state) gets
// what is left. The state is that of the permalink: {q, verdict, group}.
export const targetFilter = ({items, params, text, verdictOf, extra = [], holds = () => true, applied}) => {
	const chosen = new Set((params.verdict ?? '').split(',').filter(Boolean));
	const haystacks = items.map(item => text(item).toLowerCase());
	const groups = [...new Set(items.map(item => item.group ?? ''))].sort();
	const output = el('output', '');
	const apply = () => {
		const words = wordsOf(search.value),
			group = grouping.value;
		const left = items.filter(
			(item, i) =>
				(!chosen.size || chosen.has(verdictName(verdictOf(item)))) &&
				holds(item) &&
				(!group || (item.group ?? '') === group.slice(1)) &&
				words.every(word => haystacks[i].includes(word))
		);
		output.textContent =
			left.length === items.length
				? counted(items.length, 'target')
				: `${count(left.length)} of ${counted(items.length, 'target')}`;
		applied(left, {q: search.value, verdict: [...chosen].join(','), group: group.slice(1)});
	};
	const search = searchBox('names, networks', params.q, apply);
	const grouping = select(
		'Group',
		[['', 'all groups'], ...groups.map(name => ['=' + name, groupName(name)])],
		params.group ? '=' + params.group : '',
		apply
	);
	grouping.hidden = groups.length < 2;
	const node = el(
		'div',
		'filter',
		search,
		chips(new Set(items.map(verdictOf)), chosen, apply),
		grouping,
		extra,
		output
	);
	return {
		node,
		apply,
		setGroup: name => {
			grouping.value = grouping.value === '=' + name ? '' : '=' + name;
			apply();
		},
	};
};
