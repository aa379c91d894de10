// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// End-to-end quality over runs: round trips as lines, loss as bars, one place a run, as the verdict strip below has
// them; and the same as a table. Knows no view; who calls says what is chosen, and is told what was.
import {linePieces, pieceOf} from './charts.js';
import {button, el, scroller, svg, table} from './dom.js';
import {HIGH_PCT, inWords, isHigh, isMeasured, loss} from './quality.js';
import {count, counted, known, lossText, pill, rtt, time, utc} from './words.js';

const RTT_HEIGHT = 72,
	LOSS_HEIGHT = 40,
	ROOM = 4; // above what is highest
const LOSS_SEEN = 4; // how high a bar is at least
const LOSS_LEAST = 10; // percent that the axis goes up to at least

// The next round number: 1, 1.5, 2, 3 ... 10, 15, 20 ...
const roundUp = value => {
	const base = 10 ** Math.floor(Math.log10(value));
	return base * [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find(step => step * base >= value);
};
const largest = values => values.reduce((most, value) => Math.max(most, value ?? 0), 0);
const smallest = values => values.reduce((least, value) => Math.min(least, value ?? Infinity), Infinity);

// A picture of n runs, and what makes it one to point at: the chosen run, a title a run, a click.
const frame = (n, height, label, runs, chosen, ...drawn) => {
	const now = svg('rect', 'now', {x: 0, y: 0, width: 1000 / n, height});
	const picture = svg(
		'svg',
		'levels',
		{
			viewBox: `0 0 1000 ${height}`,
			preserveAspectRatio: 'none',
			role: 'img',
			'aria-label': label,
		},
		now,
		drawn,
		runs.map((run, i) =>
			svg(
				'rect',
				'hit',
				{x: (1000 * i) / n, y: 0, width: 1000 / n, height, onclick: () => chosen(i)},
				svg('title', '', `${utc(run.started_ms)}: ${inWords(run.e2e)}`)
			)
		)
	);
	return {picture, say: i => now.setAttribute('x', (1000 * i) / n)};
};

const line = (kind, y) => svg('line', kind, {x1: 0, x2: 1000, y1: y, y2: y});

const chart = (name, keys, most, framed) =>
	el(
		'figure',
		'level',
		el('figcaption', '', el('b', '', name), keys),
		el('span', 'most', {'aria-hidden': 'true'}, most),
		framed.picture
	);

const rttChart = (runs, chosen) => {
	const medians = runs.map(run => run.e2e?.rtt_p50_us),
		p95s = runs.map(run => run.e2e?.rtt_p95_us);
	const most = largest([...medians, ...p95s]);
	if (!most) return null;
	const top = roundUp(most),
		yOf = us => RTT_HEIGHT - ((RTT_HEIGHT - ROOM) * us) / top;
	const label =
		`RTT end to end over ${counted(runs.length, 'run')}: median ${rtt(smallest(medians))} to ` +
		`${rtt(largest(medians))}, 95 % up to ${rtt(largest(p95s))}`;
	const framed = frame(
		runs.length,
		RTT_HEIGHT,
		label,
		runs,
		chosen,
		line('grid', yOf(top)),
		line('grid', yOf(top / 2)),
		svg('g', 'p95', linePieces(p95s, yOf).map(pieceOf)),
		svg('g', 'median', linePieces(medians, yOf).map(pieceOf))
	);
	const keys = [el('span', 'key median', 'median'), el('span', 'key p95', '95 %')];
	return {node: chart('RTT', keys, rtt(top), framed), say: framed.say};
};

const lossChart = (runs, chosen) => {
	const most = largest(runs.map(run => run.e2e?.loss_pct));
	const top = Math.min(100, Math.max(LOSS_LEAST, roundUp(most || 1))),
		yOf = pct => LOSS_HEIGHT - ((LOSS_HEIGHT - ROOM) * pct) / top;
	const width = 1000 / runs.length,
		gap = Math.min(2, width / 6);
	const n_high = runs.filter(run => isHigh(run.e2e)).length;
	const label =
		`Loss end to end over ${counted(runs.length, 'run')}: at most ${lossText(most)}; ` +
		`${HIGH_PCT} % or more in ${count(n_high)}`;
	const bars = runs.map(({e2e}, i) => {
		if (!isMeasured(e2e) || !e2e.loss_pct) return null;
		const y = Math.min(yOf(e2e.loss_pct), LOSS_HEIGHT - LOSS_SEEN),
			place = {x: i * width + gap / 2, y, width: width - gap, height: LOSS_HEIGHT - y};
		return svg('rect', isHigh(e2e) ? 'bar-lost high' : 'bar-lost', place);
	});
	// What is measured and lost nothing is not what was not measured.
	const floor = runs.map(({e2e}, i) =>
		isMeasured(e2e) ? svg('rect', 'floor', {x: i * width, y: LOSS_HEIGHT - 2, width, height: 2}) : null
	);
	const framed = frame(runs.length, LOSS_HEIGHT, label, runs, chosen, floor, bars, line('limit', yOf(HIGH_PCT)));
	const keys = [el('span', 'key limit', `${HIGH_PCT} %`), el('span', 'key floor', 'measured')];
	return {node: chart('Loss', keys, lossText(top), framed), say: framed.say};
};

const HEADS = [
	'Run',
	'Verdict',
	['Answered', 'num'],
	['Lost', 'num'],
	['RTT least', 'num'],
	['median', 'num'],
	['95 %', 'num'],
	['99 %', 'num'],
	['most', 'num'],
	['Jitter', 'num'],
];
const TIMES = ['rtt_min_us', 'rtt_p50_us', 'rtt_p95_us', 'rtt_p99_us', 'rtt_max_us', 'jitter_us'];

const row = (run, with_seconds, choose) => {
	const {e2e} = run;
	const when = button('plain', time(run.started_ms, with_seconds), choose, {title: 'Show this run'});
	if (!isMeasured(e2e))
		return [when, pill(run.verdict), el('span', 'none', 'not measured'), '', '', '', '', '', '', ''];
	return [
		when,
		pill(run.verdict),
		`${count(e2e.received)} of ${count(e2e.sent)}`,
		loss(e2e),
		...TIMES.map(key => known(rtt(e2e[key]))),
	];
};

// The numbers, newest first; made when they are opened.
const numbers = (runs, with_seconds, chosen) => {
	const node = el('details', 'numbers', el('summary', '', 'Loss and RTT in numbers'));
	const fill = () => {
		if (node.childElementCount > 1) return;
		const rows = runs.map((run, i) => row(run, with_seconds, () => chosen(i))).reverse();
		if (runs.some(run => run.e2e?.destinations > 1))
			node.append(el('p', 'note', 'Of several destinations: answered by all, else the worst.'));
		node.append(scroller('Loss and RTT by run', table('by-run', HEADS, rows)));
	};
	node.addEventListener('toggle', fill);
	return node;
};

// runs: of a history, the oldest first; chosen(i) is told where somebody clicked. null where none of them was measured.
// say(i) is which run is looked at.
export const qualityChart = (runs, with_seconds, chosen) => {
	if (!runs.some(run => isMeasured(run.e2e))) return null;
	const charts = [rttChart(runs, chosen), lossChart(runs, chosen)].filter(Boolean);
	const said = el('span', 'said');
	return {
		say: i => {
			charts.forEach(one => one.say(i));
			said.replaceChildren(inWords(runs[i].e2e));
		},
		node: el(
			'div',
			'over-runs',
			el('p', 'level-head', el('b', '', 'End to end'), ' ', said),
			charts.map(one => one.node)
		),
		numbers: numbers(runs, with_seconds, chosen),
	};
};
