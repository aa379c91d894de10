// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// End-to-end quality (`e2e` of the API): how loss, round trips and jitter of a destination itself are said, as cells of
// lists and as a block. Unknown is unknown, and not measured is said as such. Knows no view, and nothing of hops.
import {el} from './dom.js';
import {count, counted, known, lossText, rtt} from './words.js';

export const HIGH_PCT = 5; // of the probes lost: what stands out, and what alerts take for a change (docs/alerts.md)

export const isMeasured = e2e => e2e !== null && e2e !== undefined;
export const isHigh = e2e => (e2e?.loss_pct ?? 0) >= HIGH_PCT;
const isLossy = e2e => (e2e?.loss_pct ?? 0) > 0;

// ---- a value ----

// What is high has a mark and is bold, not just red.
export const loss = e2e => {
	const text = lossText(e2e?.loss_pct);
	if (text === null) return known(null);
	if (!isLossy(e2e)) return el('span', 'lost zero', text);
	const title = isHigh(e2e) ? `${HIGH_PCT} % or more of the probes are lost` : null;
	return el('span', isHigh(e2e) ? 'lost high' : 'lost some', {title}, text);
};

export const answered = e2e => `${count(e2e.received)} of ${count(e2e.sent)} answered`;

// All in one line: "9 of 10 answered, 10 % lost, RTT 1.02 ms (95 %: 1.30 ms), jitter 50 µs"; of several destinations all
// probes, and then the worst.
export const inWords = e2e => {
	if (!isMeasured(e2e)) return 'not measured';
	const [median, p95, jitter] = [rtt(e2e.rtt_p50_us), rtt(e2e.rtt_p95_us), rtt(e2e.jitter_us)];
	const rest = [
		`${lossText(e2e.loss_pct) ?? 'unknown'} lost`,
		median && `RTT ${median}${p95 ? ` (95 %: ${p95})` : ''}`,
		jitter && `jitter ${jitter}`,
	].filter(Boolean);
	return e2e.destinations > 1
		? `${answered(e2e)} by ${count(e2e.destinations)} destinations; at worst ${rest.join(', ')}`
		: [answered(e2e), ...rest].join(', ');
};

// How the probes of many fared, null where there were none.
export const total = all => {
	const measured = all.filter(isMeasured);
	const sum = key => measured.reduce((sum, e2e) => sum + (e2e[key] ?? 0), 0);
	const sent = sum('sent');
	return sent
		? {
				n: measured.length,
				sent,
				received: sum('received'),
				loss_pct: (100 * (sent - sum('received'))) / sent,
			}
		: null;
};

// ---- of a list of targets ----

const title = text => `End to end, probes to the destination itself: ${text}`;
const head = (text, said) => el('span', '', {title: title(said)}, text);

// Columns of a list that has such: heads and cells in the same order.
export const columns = () => [
	[head('E2E loss', 'how many were lost; of several destinations the most'), 'c-loss num'],
	[head('E2E RTT', 'the median; of several destinations the longest'), 'c-median num'],
	[head('Jitter', 'of several destinations the most'), 'c-jitter num'],
];
export const cells = e2e => [loss(e2e), known(rtt(e2e?.rtt_p50_us)), known(rtt(e2e?.jitter_us))];

// Orders of that list; what is unknown comes last.
const descending = key => (a, b) => (b.e2e?.[key] ?? -1) - (a.e2e?.[key] ?? -1);
export const ORDERS = [
	['loss', 'most loss first'],
	['median', 'longest E2E RTT first'],
	['jitter', 'most jitter first'],
];
export const RANKS = {
	loss: (a, b) => descending('loss_pct')(a, b) || descending('rtt_p50_us')(a, b),
	median: descending('rtt_p50_us'),
	jitter: descending('jitter_us'),
};

// What the measured ones are like, all in all; null where none was.
export const sentence = targets => {
	const all = total(targets.map(target => target.e2e));
	if (!all) return null;
	const n_lossy = targets.filter(target => isLossy(target.e2e)).length,
		n_high = targets.filter(target => isHigh(target.e2e)).length;
	const lossy =
		n_lossy === 0
			? 'none lost any probe'
			: `${count(n_lossy)} lost probes, ${count(n_high)} of them ${HIGH_PCT} % or more`;
	const of =
		all.n === targets.length
			? counted(all.n, 'target')
			: `${count(all.n)} of ${counted(targets.length, 'target')}`;
	return el('p', 'note quality-line', `End to end, ${of} measured: ${lossy}.`);
};

// ---- of a target ----

const measure = (name, value, more = '', kind = '') =>
	el('div', kind, el('dt', '', name), el('dd', '', value, more && el('span', 'more', ` ${more}`)));

// Of the lost, what is known of them.
const lostHow = ({late, refused}) =>
	[late && `${count(late)} late`, refused && `${count(refused)} refused`].filter(Boolean).join(', ');

const measures = e2e =>
	el('dl', 'measures', [
		measure('Answered', `${count(e2e.received)} of ${count(e2e.sent)}`),
		measure('Lost', loss(e2e), lostHow(e2e)),
		measure('Jitter', known(rtt(e2e.jitter_us))),
		measure('RTT least', known(rtt(e2e.rtt_min_us)), '', 'first'),
		measure('median', known(rtt(e2e.rtt_p50_us))),
		measure('95 %', known(rtt(e2e.rtt_p95_us))),
		measure('99 %', known(rtt(e2e.rtt_p99_us))),
		measure('most', known(rtt(e2e.rtt_max_us))),
	]);

// Destinations of paths, the one with the most loss first; all flows to a destination have the same.
const destinationsOf = paths => {
	const found = new Map();
	for (const {dest_ip, e2e} of paths) found.set(dest_ip, found.get(dest_ip) ?? e2e ?? null);
	return [...found]
		.map(([ip, e2e]) => ({ip, e2e}))
		.sort((a, b) => isMeasured(b.e2e) - isMeasured(a.e2e) || RANKS.loss(a, b));
};

// The block of a target's paths: a list of measures for each destination.
export const block = paths => {
	const destinations = destinationsOf(paths);
	const is_any = destinations.some(one => isMeasured(one.e2e));
	return el(
		'section',
		'quality',
		{'aria-label': 'End to end'},
		el('h2', '', 'End to end'),
		el(
			'p',
			'note',
			is_any
				? 'Probes to the destination itself; hops, paths and verdicts know nothing of them.'
				: 'Not measured in this run; an audit with --e2e N measures it.'
		),
		is_any &&
			destinations.map(({ip, e2e}) => [
				el('h3', '', ip),
				isMeasured(e2e) ? measures(e2e) : el('p', 'none', 'not measured'),
			])
	);
};
