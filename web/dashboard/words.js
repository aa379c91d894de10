// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// How values are written: verdicts, counts, times, networks. Unknown is written as unknown. Knows no view.
import {clean, el} from './dom.js';

export const VERDICTS = ['inside', 'direct', 'undecided', 'transit', 'detour'];
export const NOT_PROBED = 'not probed';
const MEANING = {
	inside: 'the destination is home, and at no public hop of the path another network was seen',
	direct: 'home hands the path to the destination’s own network with no other between',
	undecided: 'the evidence does not carry a verdict; silence is never taken for evidence',
	transit: 'a third network carries the path',
	detour: 'the destination is home, and the path left it and came back',
	[NOT_PROBED]: 'nothing was probed',
};
export const LETTERS = {i: 'inside', d: 'direct', u: 'undecided', t: 'transit', x: 'detour'};

export const verdictName = verdict => verdict ?? NOT_PROBED;
export const verdictIndex = verdict => {
	const i = VERDICTS.indexOf(verdict);
	return i < 0 ? 5 : i;
};
// detour, transit, undecided, direct, inside; what was not probed says nothing.
export const verdictBadness = verdict => VERDICTS.indexOf(verdict);
export const verdictMeaning = verdict => MEANING[verdictName(verdict)] ?? '';
export const pill = verdict =>
	el('span', 'pill v' + verdictIndex(verdict), {title: verdictMeaning(verdict)}, verdictName(verdict));

export const known = (value, text = value) =>
	value === null || value === undefined ? el('span', 'none', {title: 'unknown'}, '–') : text;
export const count = n => (n === null || n === undefined ? '–' : n.toLocaleString('en-US'));
export const counted = (n, what, many = what + 's') => `${count(n)} ${n === 1 ? what : many}`;
export const percent = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(part === whole ? 0 : 1)} %` : '–');

export const rtt = us => {
	if (us === null || us === undefined) return null;
	if (us < 100) return `${us} µs`;
	const digits = us < 10000 ? 2 : Number(us < 1000000);
	return `${(us / 1000).toFixed(digits)} ms`;
};

// Of what is lost; a little is not nothing.
export const lossText = pct => {
	if (pct === null || pct === undefined) return null;
	return pct > 0 && pct < 0.005 ? '< 0.01 %' : `${Number(pct.toFixed(pct < 1 ? 2 : 1))} %`;
};

// ---- time: local, UTC on hover ----

const two = n => String(n).padStart(2, '0');
const day = date => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
const clock = date => `${two(date.getHours())}:${two(date.getMinutes())}`;
export const utc = ms =>
	new Date(ms)
		.toISOString()
		.replace('T', ' ')
		.replace(/\.\d+Z/, ' UTC');

// "09:30" today, "07-15 09:30" this year, with the year otherwise.
export const localTime = (ms, with_seconds = false) => {
	const date = new Date(ms),
		today = new Date();
	const when = clock(date) + (with_seconds ? `:${two(date.getSeconds())}` : '');
	if (day(date) === day(today)) return when;
	return `${date.getFullYear() === today.getFullYear() ? day(date).slice(5) : day(date)} ${when}`;
};
export const isTime = ms => typeof ms === 'number' && Math.abs(ms) < 8.64e15;
export const time = (ms, with_seconds = false) =>
	isTime(ms)
		? el('time', '', {datetime: new Date(ms).toISOString(), title: utc(ms)}, localTime(ms, with_seconds))
		: known(null);

export const span = ms => {
	const s = Math.round(ms / 1000);
	if (s < 90) return `${s} s`;
	if (s < 5400) return `${Math.round(s / 60)} min`;
	return s < 172800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86400)} days`;
};
export const bytes = n => {
	const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
	let i = 0;
	for (; n >= 1024 && i < units.length - 1; i++) n /= 1024;
	return `${n.toFixed(i && n < 10 ? 1 : 0)} ${units[i]}`;
};

// ---- networks and targets ----

export const asText = (asn, name) =>
	asn === null || asn === undefined ? name || 'unknown network' : name ? `AS${asn} ${name}` : `AS${asn}`;

// What a path goes through or leaves home to: an AS, or the LAN of an exchange.
export const networkText = one =>
	one.ixp !== null && one.ixp !== undefined ? `exchange ${one.ixp || 'LAN'}` : asText(one.asn, one.as_name);

// An AS path comes as an array of steps or as one text.
export const pathText = as_path => (Array.isArray(as_path) ? as_path.join(' ') : (as_path ?? ''));

export const targetLabel = target =>
	`${target.name}${target.port ? ':' + target.port : ''}` +
	`${target.protocol && target.protocol !== 'tcp' ? '/' + target.protocol : ''}`;
export const sameTarget = (a, b) =>
	a.name === b.name && (a.port ?? null) === (b.port ?? null) && (a.protocol ?? null) === (b.protocol ?? null);
export const targetKey = t => `${t.name}\n${t.port ?? ''}\n${t.protocol ?? ''}`;
export const groupName = group => (group ? clean(group) : 'no group');

// What is searched for, word by word.
export const wordsOf = text => text.toLowerCase().split(/\s+/).filter(Boolean);
