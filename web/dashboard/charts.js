// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Pictures of numbers: the Sankey diagram, drawn by Apache ECharts (which comes when the first is wanted), and bars
// and lines over runs, drawn here. Knows no view; who calls says what things are called and where they lead.
import {clean, el, svg} from './dom.js';
import {count, counted, isTime, percent, time, utc, verdictIndex, verdictName} from './words.js';

const COLUMN_NODES = 14; // of a column; the smaller ones share one
const MIN_WIDTH = 640; // px; narrower screens scroll the diagram
const ROOMY = 900; // px; there verdicts are said in the diagram, too
const CLOSE_MS = 600000; // of an axis on which minutes say too little
const LABEL_SHARE = 0.04; // of the paths: what is wide enough for a word
const dark = matchMedia('(prefers-color-scheme: dark)');

// ---- the library ----

let coming = null;

// The page's policy refuses style attributes that are set as text, which is how the library sets them on SVG; set as
// properties they are allowed.
const allowStyles = () => {
	const setAttribute = Element.prototype.setAttribute;
	Element.prototype.setAttribute = function (name, value) {
		if (name === 'style') this.style.cssText = value;
		else setAttribute.call(this, name, value);
	};
};

// The library, or null where the program was built without it.
const library = () =>
	(coming ??= new Promise(done => {
		const script = el('script', '', {src: '/assets/echarts.js'});
		const loaded = () => {
			const there = typeof globalThis.echarts === 'object' ? globalThis.echarts : null;
			if (there) allowStyles();
			done(there);
		};
		script.addEventListener('load', loaded);
		script.addEventListener('error', loaded);
		document.head.append(script);
	}));

// ---- the Sankey diagram ----

// Small nodes of a column are one node, so that a large run stays legible.
const foldSmall = (nodes, links) => {
	const sums = new Map(nodes.map(node => [node.id, 0]));
	for (const {source, target, paths} of links) {
		sums.set(source, sums.get(source) + paths);
		sums.set(target, sums.get(target) + paths);
	}
	const becomes = new Map(nodes.map(node => [node.id, node.id])),
		left = [];
	for (const column of [0, 1, 2]) {
		const here = nodes
			.filter(node => node.column === column)
			.sort((a, b) => sums.get(b.id) - sums.get(a.id));
		const n_kept = here.length > COLUMN_NODES ? COLUMN_NODES - 1 : here.length;
		left.push(...here.slice(0, n_kept));
		if (n_kept === here.length) continue;
		const rest = {
			id: `rest ${column}`,
			column,
			label: `${here.length - n_kept} others`,
			color: 'soft',
			href: null,
		};
		here.slice(n_kept).forEach(node => becomes.set(node.id, rest.id));
		left.push(rest);
	}
	const merged = new Map();
	for (const one of links) {
		const source = becomes.get(one.source),
			target = becomes.get(one.target),
			key = `${source}\n${target}\n${one.color}`;
		const before = merged.get(key);
		merged.set(key, {...one, source, target, paths: one.paths + (before?.paths ?? 0)});
	}
	return {nodes: left, links: [...merged.values()]};
};

// The diagram's options in the colours of the moment.
const sankeyOptions = ({nodes, links}, has_room) => {
	const style = getComputedStyle(document.documentElement);
	const color = name => style.getPropertyValue('--' + name).trim();
	const label = new Map(nodes.map(node => [node.id, clean(node.label)]));
	const isTarget = new Set(links.map(one => one.target));
	const isExit = new Set(nodes.filter(node => node.column === 1).map(node => node.id));
	const isOut = one => isExit.has(one.source);
	const all = links.filter(isOut).reduce((sum, one) => sum + one.paths, 0);
	return {
		animation: false,
		textStyle: {fontFamily: 'system-ui, sans-serif', color: color('ink')},
		tooltip: {
			renderMode: 'richText',
			backgroundColor: color('paper'),
			borderColor: color('soft'),
			confine: true,
			textStyle: {color: color('ink'), fontSize: 12.5},
			formatter: ({dataType, data, value}) =>
				dataType === 'node'
					? `${label.get(data.name)}: ${counted(value, 'path')}`
					: `${label.get(data.source)} → ${label.get(data.target)}\n` +
						`${verdictName(data.verdict)}: ${counted(data.value, 'path')}`,
		},
		series: [
			{
				type: 'sankey',
				left: 2,
				right: 230,
				top: 8,
				bottom: 8,
				nodeWidth: 12,
				nodeGap: 14,
				draggable: false,
				emphasis: {focus: 'adjacency'},
				layoutIterations: 64,
				data: nodes
					.filter(node => node.column !== 1 || isTarget.has(node.id))
					.map(node => ({
						name: node.id,
						depth: node.column,
						href: node.href,
						itemStyle: {color: color(node.color), borderWidth: 0},
					})),
				links: links.map(one => ({
					source: one.source,
					target: one.target,
					value: one.paths,
					verdict: one.verdict,
					lineStyle: {color: color(one.color), opacity: 0.32, curveness: 0.5},
					// Said in words, too, where there is room and it is decided: at the way out.
					edgeLabel: {show: has_room && isOut(one) && one.paths >= LABEL_SHARE * all},
				})),
				edgeLabel: {
					color: color('ink'),
					fontSize: 11.5,
					formatter: ({data}) => verdictName(data.verdict),
				},
				label: {
					color: color('ink'),
					fontSize: 12.5,
					width: 225,
					overflow: 'truncate',
					formatter: ({data}) => label.get(data.name),
				},
			},
		],
	};
};

// nodes: {id, column 0..2, label, color, href}, links: {source, target, verdict, paths, color}; colours are names of the style
// sheet's. heads: what the columns are called. Draws once it is in the page; stop() ends it.
export const sankey = ({nodes, links, heads}) => {
	const folded = foldSmall(nodes, links);
	const canvas = el('div');
	const node = el(
		'figure',
		'sankey',
		{'aria-hidden': 'true'},
		el(
			'figcaption',
			'',
			heads.map(head => el('span', '', head))
		),
		canvas
	);
	const most = Math.max(...[0, 1, 2].map(column => folded.nodes.filter(one => one.column === column).length));
	const height = Math.max(160, 40 * most + 20);
	let chart = null,
		stopped = false;

	const draw = () => {
		chart.setOption(sankeyOptions(folded, node.clientWidth >= ROOMY), true);
		chart.getZr().flush();
	};
	const fit = () => {
		if (!chart) return;
		chart.resize({width: Math.max(MIN_WIDTH, node.clientWidth), height});
		draw();
	};
	const start = async () => {
		const echarts = await library();
		if (stopped) return;
		if (!echarts) {
			node.replaceChildren(
				el(
					'p',
					'note',
					'Built without the library that draws the diagram; the numbers are below.'
				)
			);
			node.removeAttribute('aria-hidden');
			return;
		}
		chart = echarts.init(canvas, null, {
			renderer: 'svg',
			width: Math.max(MIN_WIDTH, node.clientWidth),
			height,
		});
		chart.on('click', ({dataType, data}) => {
			if (dataType === 'node' && data.href) location.hash = data.href;
		});
		draw();
	};
	addEventListener('resize', fit);
	dark.addEventListener('change', fit);
	return {
		node,
		start,
		stop: () => {
			stopped = true;
			removeEventListener('resize', fit);
			dark.removeEventListener('change', fit);
			chart?.dispose();
		},
	};
};

// ---- over runs ----

// Bars, one a run: runs are {started_ms, href, parts: [[class, value]], whole, title}. As many as there are fill the
// width.
export const runBars = (label, runs, {height = 150} = {}) => {
	const width = 1000 / runs.length,
		gap = Math.min(2, width / 6);
	const picture = svg('svg', 'run-bars', {
		viewBox: `0 0 1000 ${height}`,
		preserveAspectRatio: 'none',
		role: 'group',
		'aria-label': label,
	});
	runs.forEach((run, i) => {
		const a = svg(
			'a',
			'',
			{href: run.href, 'aria-label': run.title, tabindex: i === runs.length - 1 ? '0' : '-1'},
			svg('title', '', run.title)
		);
		a.append(svg('rect', 'ground', {x: i * width, y: 0, width, height}));
		let y = height;
		for (const [kind, value] of run.parts) {
			const part = run.whole ? (height * value) / run.whole : 0;
			y -= part;
			if (part > 0)
				a.append(
					svg('rect', kind, {
						x: (i * width + gap / 2).toFixed(2),
						y: y.toFixed(2),
						width: (width - gap).toFixed(2),
						height: part.toFixed(2),
					})
				);
		}
		picture.append(a);
	});
	// One stop for the Tab key; the arrows go from bar to bar.
	picture.addEventListener('keydown', event => {
		const step = {ArrowLeft: 'previousElementSibling', ArrowRight: 'nextElementSibling'}[event.key];
		if (!step) return;
		event.preventDefault();
		event.target[step]?.focus();
	});
	return el('figure', 'over-time', picture, timeAxis(runs));
};

// Verdicts one after the other, each with its colour and, the worse the taller, its height. verdicts: null is not probed,
// undefined not measured. Neighbours with the same key are one box. say(first, last) is what a box is called, chosen(i)
// is told where it was clicked.
export const verdictStrip = (verdicts, say, chosen, keys = verdicts) => {
	const n = verdicts.length;
	const picture = svg('svg', 'strip', {
		viewBox: `0 0 ${n} 1`,
		preserveAspectRatio: 'none',
		'aria-hidden': 'true',
		onclick: event => {
			const box = picture.getBoundingClientRect();
			event.stopPropagation();
			chosen(Math.min(Math.max(Math.floor((n * (event.clientX - box.left)) / box.width), 0), n - 1));
		},
	});
	for (let i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && keys[end] === keys[i]; end++) continue;
		const place = {x: i, y: 0, width: end - i, height: 1};
		picture.append(
			svg(
				'g',
				'',
				svg('title', '', say(i, end - 1)),
				svg('rect', 'ground', place),
				verdicts[i] !== undefined && svg('rect', 'v' + verdictIndex(verdicts[i]), place)
			)
		);
	}
	return picture;
};

export const timeAxis = runs => {
	const at = [0, Math.floor((runs.length - 1) / 2), runs.length - 1];
	const marks = runs.length < 3 ? [...new Set([0, runs.length - 1])] : at;
	const is_close = Math.abs(runs[runs.length - 1].started_ms - runs[0].started_ms) < CLOSE_MS;
	return el(
		'div',
		'time-axis',
		marks.map(i => time(runs[i].started_ms, is_close))
	);
};

// Points of a line over runs, in pieces: where a value is unknown the line has a gap.
export const linePieces = (values, yOf) => {
	const width = 1000 / values.length,
		pieces = [[]];
	values.forEach((value, i) => {
		if (value === null || value === undefined) pieces.push([]);
		else pieces[pieces.length - 1].push([(i + 0.5) * width, yOf(value), width]);
	});
	return pieces.filter(points => points.length);
};

// One of them; a single run is a short line.
export const pieceOf = points => {
	const [[x, y, width]] = points;
	return points.length === 1
		? svg('line', '', {x1: x - width / 3, x2: x + width / 3, y1: y, y2: y})
		: svg('polyline', '', {
				points: points.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' '),
			});
};

export const runLine = (label, values) => {
	const top = Math.max(...values.filter(value => value !== null && value !== undefined), 1);
	return svg(
		'svg',
		'run-line',
		{viewBox: '0 0 1000 48', preserveAspectRatio: 'none', role: 'img', 'aria-label': label},
		linePieces(values, value => 44 - (40 * value) / top).map(pieceOf)
	);
};

export const shareTitle = (run, parts, whole) =>
	`${isTime(run.started_ms) ? utc(run.started_ms) : run.run}: ` +
	parts.map(([name, value]) => `${name} ${percent(value, whole)} (${count(value)})`).join(', ');
