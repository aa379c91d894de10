// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Draws the graph of pathgraph.js: across, or down on narrow screens. A box opens to its hops and closes again.
import {button, clean, el, svg} from './dom.js';
import {isAbroad, isSilent, layOut} from './pathgraph.js';
import {asText, counted, rtt} from './words.js';

const BOX = {w: 142, h: 52};
const GAP = {across: 30, down: 32, beside: 14};
const MARGIN = 18;
const LETTERS = [16, 19, 21]; // of the lines of a box
const SMALLEST = 0.84; // so far a graph is made smaller to fit, then it scrolls
const STEPS_MS = [5, 20, 50, 100]; // where the colours of latency change
const NARROW = matchMedia('(max-width: 40rem)');
const WORDS = {private: 'private', unknown: 'AS unknown', host: 'this host'};

const cut = (text, i) => (text.length > LETTERS[i] ? text.slice(0, LETTERS[i] - 1) + '…' : text);
export const latencyClass = us =>
	us === null || us === undefined ? 'l-none' : 'l' + STEPS_MS.filter(step => us >= step * 1000).length;

const ttls = hops => {
	const all = [...new Set(hops.map(hop => hop.ttl))].sort((a, b) => a - b);
	return all.length === 0 ? '' : all.length === 1 ? `TTL ${all[0]}` : `TTL ${all[0]}–${all[all.length - 1]}`;
};

// What it is called, and its longer name.
const networkOf = box => {
	const named = [...box.all_hops.values()].find(hop => !isSilent(hop));
	if (box.kind === 'ixp') return ['exchange', named?.ixp || 'LAN'];
	return WORDS[box.kind] ? [WORDS[box.kind], ''] : [asText(named?.asn), named?.as_name ?? ''];
};

const endLines = (box, end, far) => {
	if (!box.reached) return [box.dest_ip, 'destination,', 'did not answer'];
	return [box.dest_ip, end?.asn ? asText(end.asn, end.as_name) : 'destination', far ?? 'RTT unknown'];
};

// Three lines at most: what it is, where, how far.
const linesOf = box => {
	const hops = [...box.all_hops.values()],
		far = rtt(box.rtt_us);
	if (box.kind === 'host') return ['this host'];
	if (box.kind === 'silent') return ['no answer', ttls(hops), box.hides_exit ? 'leaves home in here' : ''];
	if (box.kind === 'end') return endLines(box, hops[0], far);
	if (box.hop)
		return [
			box.hop.ip,
			box.hop.ptr ?? '',
			[ttls(hops), box.hop.site, far ?? (box.hop.inferred ? 'inferred' : 'RTT ?')]
				.filter(Boolean)
				.join(' · '),
		];
	return [...networkOf(box), [ttls(hops), far ?? 'RTT ?'].join(' · ')];
};

const routersText = box => {
	const hops = [...box.all_hops.values()],
		n_silent = hops.filter(isSilent).length;
	const n = new Set(hops.filter(hop => !isSilent(hop)).map(hop => hop.ip)).size;
	return n && !box.hop && box.kind !== 'end'
		? counted(n, 'router') + (n_silent ? `, ${n_silent} silent` : '')
		: '';
};

const flowsText = flows => {
	const of = new Map();
	flows.forEach(path => of.set(path.dest_ip, [...(of.get(path.dest_ip) ?? []), path.flow ?? 0]));
	return [...of].map(([ip, numbers]) => `to ${ip}: flow ${[...new Set(numbers)].join(', ')}`).join('\n');
};

const drawBox = (place, at, toggle) => {
	const {box} = place,
		{x, y} = at(place);
	const can_open = box.piece && (box.open || box.kind !== 'silent');
	const words = linesOf(box).filter(Boolean),
		network = box.kind === 'end' ? (box.network ?? 'silent') : box.kind;
	const label = [...words, routersText(box), `in ${counted(box.flows.length, 'flow')}`]
		.filter(Boolean)
		.join(', ');
	const node = svg('g', `box ${box.kind} k-${network}${box.open ? ' open' : ''}`, {
		transform: `translate(${x},${y})`,
	});
	node.append(
		svg(
			'title',
			'',
			[
				box.open ? networkOf(box).join(' ') : '',
				...linesOf(box),
				routersText(box),
				flowsText(box.flows),
			]
				.filter(Boolean)
				.join('\n')
		),
		svg('rect', 'face', {width: BOX.w, height: BOX.h, rx: 4}),
		svg('rect', 'stripe', {width: BOX.w, height: 4, rx: 2})
	);
	const top = words.length === 3 ? 19 : words.length === 2 ? 23 : 30;
	words.forEach((line, i) =>
		node.append(svg('text', i ? 'more' : 'name', {x: 9, y: top + 14 * i}, cut(clean(line), i)))
	);
	if (!can_open) return node;
	node.append(svg('text', 'mark', {x: BOX.w - 14, y: 19, 'aria-hidden': 'true'}, box.open ? '−' : '+'));
	node.setAttribute('tabindex', '0');
	node.setAttribute('role', 'button');
	node.setAttribute('aria-expanded', String(Boolean(box.open)));
	node.setAttribute('aria-label', clean(label));
	node.dataset.piece = box.piece;
	node.addEventListener('click', () => toggle(box.piece));
	node.addEventListener('keydown', event => {
		if (event.key !== 'Enter' && event.key !== ' ') return;
		event.preventDefault();
		toggle(box.piece);
	});
	return node;
};

// From the middle of one side to the middle of the other, through the bends.
const curve = (way, at, down) => {
	const spot = (place, end) => {
		const {x, y} = at(place);
		const bend = place.box === null;
		return down
			? [x + BOX.w / 2, y + (bend ? BOX.h / 2 : end * BOX.h)]
			: [x + (bend ? BOX.w / 2 : end * BOX.w), y + BOX.h / 2];
	};
	let from = spot(way[0], 1),
		d = `M${from}`;
	for (const place of way.slice(1)) {
		const to = spot(place, 0),
			half = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
		d += down
			? `C${from[0]},${half[1]} ${to[0]},${half[1]} ${to}`
			: `C${half[0]},${from[1]} ${half[0]},${to[1]} ${to}`;
		from = place.box === null ? to : spot(place, 1);
	}
	return d;
};

const leavesHome = ({way}) => way[0].box.kind === 'home' && isAbroad(way[way.length - 1].box);

// Said over the gap between the two boxes.
const drawBorder = (line, at, down) => {
	const a = at(line.way[0]);
	const b = at(line.way[1]);
	const spot = down
		? {x: (a.x + b.x + BOX.w) / 2, y: (a.y + BOX.h + b.y) / 2 + 4}
		: {x: (a.x + BOX.w + b.x) / 2, y: (a.y + b.y) / 2 - 5};
	return svg('text', 'leaves', spot, 'leaves home');
};

const drawLine = (line, at, down) => {
	const dashed = [line.way[0].box, line.way[line.way.length - 1].box].some(
		box => box.kind === 'silent' || (box.kind === 'end' && !box.reached)
	);
	const d = curve(line.way, at, down);
	const node = svg(
		'g',
		`line ${latencyClass(line.rtt_us)}${dashed ? ' dashed' : ''}`,
		svg(
			'title',
			'',
			`${flowsText(line.flows)}\n${line.rtt_us === null ? 'RTT unknown' : 'RTT ' + rtt(line.rtt_us)}`
		),
		svg('path', 'reach', {d}),
		svg('path', 'stroke', {d, 'stroke-width': String(Math.min(8, 1.5 + line.flows.length))})
	);
	return node;
};

// What the colours mean; those that are not in the picture are hidden.
const legend = () =>
	el(
		'ul',
		'legend',
		[
			['home', 'home'],
			['dest', 'destination’s network'],
			['foreign', 'other network'],
			['ixp', 'exchange LAN'],
			['private', 'private'],
			['unknown', 'AS unknown'],
			['silent', 'no answer'],
		].map(([kind, text]) => el('li', 'k-' + kind, {'data-kind': kind}, text)),
		el(
			'li',
			'rtt-key',
			'RTT',
			el('span', 'l0', `< ${STEPS_MS[0]} ms`),
			[1, 2, 3].map(i => el('span', 'l' + i, `${STEPS_MS[i - 1]}–${STEPS_MS[i]}`)),
			el('span', 'l4', `≥ ${STEPS_MS[3]} ms`),
			el('span', 'l-none', 'unknown')
		)
	);

// A figure: set(paths) draws other paths and leaves open what is open; opened is the set of ids of open boxes.
export const pathView = ({homes, opened, changed}) => {
	const canvas = el('div', 'canvas', {tabindex: '0', role: 'group', 'aria-label': 'Paths as a graph'}),
		key = legend();
	let paths = [],
		pieces = new Set();

	const draw = () => {
		if (!paths.length || !canvas.isConnected) return;
		const down = NARROW.matches,
			{places, lines, n_layers, breadth} = layOut(paths, opened, homes);
		const length = i => (down ? i * (BOX.h + GAP.down) : i * (BOX.w + GAP.across));
		const side = place => (place.at - 0.5) * ((down ? BOX.w : BOX.h) + GAP.beside);
		const at = place =>
			down
				? {x: MARGIN + side(place), y: MARGIN + length(place.layer)}
				: {x: MARGIN + length(place.layer), y: MARGIN + side(place)};
		const across = Math.ceil(breadth * ((down ? BOX.w : BOX.h) + GAP.beside)) - GAP.beside + 2 * MARGIN;
		const along = length(n_layers - 1) + (down ? BOX.h : BOX.w) + 2 * MARGIN;
		const [width, height] = down ? [across, along] : [along, across];
		const kinds = new Set(
			places.map(({box}) => (box.kind === 'end' ? (box.network ?? 'silent') : box.kind))
		);
		key.querySelectorAll('[data-kind]').forEach(item => (item.hidden = !kinds.has(item.dataset.kind)));
		pieces = new Set([...pieces, ...places.map(place => place.box.piece).filter(Boolean)]);
		const scale = Math.min(1, Math.max(SMALLEST, (canvas.clientWidth - 2) / width));
		canvas.replaceChildren(
			svg(
				'svg',
				'graph',
				{width: width * scale, height: height * scale, viewBox: `0 0 ${width} ${height}`},
				lines.map(line => drawLine(line, at, down)),
				places
					.sort((a, b) => a.layer - b.layer || a.at - b.at)
					.map(place => drawBox(place, at, toggle)),
				lines.filter(leavesHome).map(line => drawBorder(line, at, down))
			)
		);
	};
	const toggle = piece => {
		opened.has(piece) ? opened.delete(piece) : opened.add(piece);
		draw();
		[...canvas.querySelectorAll('.box[data-piece]')]
			.find(node => node.dataset.piece === piece)
			?.focus({preventScroll: true});
		changed(opened);
	};
	const openAll = all => {
		opened.clear();
		if (all) pieces.forEach(piece => opened.add(piece));
		draw();
		changed(opened);
	};
	const middle = () => (canvas.scrollLeft = NARROW.matches ? (canvas.scrollWidth - canvas.clientWidth) / 2 : 0);
	addEventListener('resize', draw);
	return {
		node: el(
			'figure',
			'paths',
			el(
				'div',
				'figure-top',
				key,
				el(
					'span',
					'buttons',
					button('', 'Open all', () => openAll(true)),
					button('', 'Close all', () => openAll(false))
				)
			),
			canvas
		),
		set: of => {
			paths = of;
			draw();
		},
		start: () => {
			draw();
			middle();
		},
		stop: () => removeEventListener('resize', draw),
	};
};
