// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What changed: the newest first, and what changes while one looks.
import {getAll, url} from './api.js';
import {el} from './dom.js';
import {agentOf, empty, heading, link, searchBox, select, severalAgents, targetParams} from './parts.js';
import {makeRows} from './rows.js';
import {
	VERDICTS,
	count,
	counted,
	groupName,
	isTime,
	lossText,
	pill,
	rtt,
	targetLabel,
	time,
	utc,
	wordsOf,
} from './words.js';

const KINDS = ['verdict', 'exit-as-new', 'exit-as-gone', 'as-path', 'rtt', 'loss', 'coverage', 'dns', 'cname'];
const KIND_WORDS = {
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
const LEVELS = ['rtt', 'loss', 'coverage'];
const SINCE = [
	['3600', 'last hour'],
	['86400', 'last 24 hours'],
	['604800', 'last 7 days'],
	['2592000', 'last 30 days'],
	['all', 'all'],
];
const USUAL = '604800';

const seen = change =>
	[
		isTime(change.first_seen_ms) ? `first seen ${utc(change.first_seen_ms)}` : null,
		isTime(change.last_seen_ms) ? `last seen ${utc(change.last_seen_ms)}` : null,
	]
		.filter(Boolean)
		.join(', ');

// Levels are told as numbers with their units, "12.345 ms" and "20.0 %". {value, unit}; null: none.
const levelOf = (change, text) => {
	const [, value, unit] = (LEVELS.includes(change.kind) && text?.match(/^(\d+(?:\.\d+)?) (ms|%)$/)) || [];
	return unit ? {value: Number(value), unit} : null;
};
const levelText = ({value, unit}) => (unit === 'ms' ? rtt(Math.round(1000 * value)) : lossText(value));
// By how much, and which way.
const shift = change => {
	const [was, is] = [levelOf(change, change.old), levelOf(change, change.new)];
	if (!was || !is || was.unit !== is.unit || was.value === is.value) return null;
	const by = {value: Math.abs(is.value - was.value), unit: is.unit},
		is_more = is.value > was.value;
	return is.unit === 'ms'
		? `, ${levelText(by)} ${is_more ? 'slower' : 'faster'}`
		: `, ${Number(by.value.toFixed(1))} points ${is_more ? 'more' : 'less'}`;
};

// What was, or is: leads to the target's paths as they were then.
const side = (change, value, href, title) => {
	if (value === null || value === undefined || value === '') return el('span', 'none', 'none');
	const is_verdict = change.kind === 'verdict' && VERDICTS.includes(value);
	// Exits are told as numbers.
	const words = /^exit-as/.test(change.kind) ? value.replace(/^\d+|(?<= )\d+/g, 'AS$&') : value;
	const level = levelOf(change, value);
	const said = is_verdict ? pill(value) : el('span', 'value', level ? levelText(level) : words);
	return href ? el('a', 'then', {href, title}, said) : said;
};
const fromTo = change => {
	const target = {name: change.target, port: change.port, protocol: change.protocol};
	const at = run => (change.target ? link('target', targetParams(target, {run, agent: change.agent})) : null);
	const before = isTime(change.first_seen_ms) ? at(`before:${change.first_seen_ms}`) : null;
	return el(
		'span',
		'from-to',
		{
			title:
				`${change.old ?? 'none'} → ${change.new ?? 'none'}` +
				(seen(change) ? `; ${seen(change)}` : ''),
		},
		side(change, change.old, before, 'The paths before'),
		el('span', 'arrow', ' → '),
		side(change, change.new, at(change.run), 'The paths then'),
		el('span', 'none', shift(change))
	);
};

const who = change => {
	if (!change.target)
		return el(
			'a',
			'',
			{href: link('board', {run: change.run, agent: agentOf(change)})},
			change.group ? `group ${change.group}` : 'the whole audit'
		);
	const target = {name: change.target, port: change.port, protocol: change.protocol};
	return el(
		'a',
		'',
		{href: link('target', targetParams(target, change)), title: change.target},
		targetLabel(target)
	);
};

// What ended is no alarm, however bad it was. Stores of before say nothing of it.
const severity = change => {
	const ended = {recovered: 'recovered', settled: 'settled'}[change.state];
	if (change.muted) return el('span', 'severity', ended ? `${ended}, muted` : 'muted');
	if (ended) return el('span', `severity ${change.state}`, ended);
	const is_high = change.severity === 'critical' || change.severity === 'error';
	return el('span', is_high ? 'severity high' : 'severity', change.severity ?? '');
};

const text = change =>
	[
		change.target,
		change.port,
		change.group,
		change.audit,
		change.agent,
		change.kind,
		change.old,
		change.new,
		change.severity,
		change.state,
		change.muted ? 'muted' : '',
	]
		.join(' ')
		.toLowerCase();

const cellsOf = fresh => change => [
	el('span', fresh.has(change) ? 'fresh' : '', time(change.at_ms)),
	// Said here, too: narrow screens have no room for the severity.
	(change.state === 'recovered' ? '✓ ' : '') + (KIND_WORDS[change.kind] ?? change.kind),
	who(change),
	severalAgents() ? (change.agent ?? '') : groupName(change.group),
	fromTo(change),
	severity(change),
];

export const show = async (params, ctx) => {
	const since = params.since ?? USUAL;
	const query = {since: since === 'all' ? null : Date.now() - 1000 * Number(since)};
	const list = await getAll('changes', query, ctx.signal);
	const fresh = new Set();
	let items = [...list.items].sort((a, b) => b.at_ms - a.at_ms || b.seq - a.seq);
	const rows = makeRows({
		label: 'Changes',
		className: 'changes',
		none: items.length
			? 'No change is left by these filters.'
			: 'Nothing changed in this time. A change is reported after it was confirmed.',
		heads: [
			['When', 'c-time'],
			['What', 'c-kind'],
			['Target', 'c-name'],
			[severalAgents() ? 'Seen from' : 'Group', 'c-group'],
			['From → to', 'c-path'],
			['Severity', 'c-sev'],
		],
		cells: cellsOf(fresh),
	});
	const output = el('output');
	const apply = () => {
		const words = wordsOf(search.value);
		const left = items.filter(
			change =>
				(!kind.value || change.kind === kind.value) &&
				(muted.value || !change.muted) &&
				words.every(word => text(change).includes(word))
		);
		output.textContent =
			left.length === items.length
				? counted(items.length, 'change')
				: `${count(left.length)} of ${counted(items.length, 'change')}`;
		rows.set(left);
		ctx.keep({since: params.since, kind: kind.value, q: search.value, muted: muted.value});
	};
	const search = searchBox('changes', params.q, apply);
	const kind = select(
		'Kind',
		[['', 'all kinds'], ...KINDS.map(name => [name, KIND_WORDS[name]])],
		params.kind,
		apply
	);
	const muted = select(
		'Muted',
		[
			['', 'without muted'],
			['1', 'with muted'],
		],
		params.muted,
		apply
	);
	const window = select('Since', SINCE, since, value => ctx.go('changes', {...params, since: value}));
	const live = (name, data) => {
		if (name !== 'change') return;
		const change = data.change ?? data;
		fresh.add(change);
		items = [change, ...items];
		apply();
	};
	return {
		title: 'Changes',
		json: url('changes', query),
		rows,
		live,
		ready: apply,
		nodes: [
			heading('Changes'),
			el('div', 'filter', search, kind, window, muted, output),
			list.total > list.items.length
				? empty(`${count(list.total - list.items.length)} older ones are not listed.`)
				: null,
			rows.node,
		],
	};
};
