// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The paths of a target as one graph: which boxes there are, which lines, and where they lie. Pure: no element, no
// request.
//
// A line joins two boxes only where one flow met them one after the other; what two flows did not both see is not
// joined. Hops of one AS in a row are one box until it is opened. Silence has no identity: silent hops of two flows
// are one box only between the same two neighbours.

// Addresses that are nobody's AS, so that a hop with one and no AS says nothing (IANA special-purpose registries).
const PRIVATE = [
	/^(0|10|127|24\d|25\d)\./,
	/^192\.168\./,
	/^192\.0\.[02]\./,
	/^172\.(1[6-9]|2\d|3[01])\./,
	/^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./,
	/^169\.254\./,
	/^198\.(18|19)\./,
	/^(198\.51\.100|203\.0\.113)\./,
	/^f[cd][0-9a-f]{2}:/i,
	/^fe[89ab][0-9a-f]:/i,
];
const isPrivate = ip => PRIVATE.some(range => range.test(ip));

export const isSilent = hop => hop.ip === null || hop.ip === undefined;

// What kind of network a hop is in. homes is the set of home ASes, or null where they are unknown; ends is that of
// ASes at the other end of paths: the destination's, and its siblings.
const hopKind = (hop, {homes, ends}) => {
	if (isSilent(hop)) return 'silent';
	if (hop.ixp !== null && hop.ixp !== undefined) return 'ixp';
	if (hop.asn === null || hop.asn === undefined) return isPrivate(hop.ip) ? 'private' : 'unknown';
	if (homes === null) return 'network';
	return homes.has(hop.asn) ? 'home' : ends.has(hop.asn) ? 'dest' : 'foreign';
};

const hopKey = (hop, kind) => {
	if (kind === 'ixp') return `ixp ${hop.ixp}`;
	return ['home', 'foreign', 'dest', 'network'].includes(kind) ? `as ${hop.asn}` : kind;
};

// A path in pieces: {kind, key, hops}. Silence between two hops of one network belongs to it.
const piecesOf = (hops, nets) => {
	const pieces = [];
	for (const hop of hops) {
		const kind = hopKind(hop, nets),
			key = hopKey(hop, kind);
		const last = pieces[pieces.length - 1],
			before = pieces[pieces.length - 2];
		if (last?.key === key) {
			last.hops.push(hop);
		} else if (last?.kind === 'silent' && before?.key === key && kind !== 'unknown' && kind !== 'private') {
			before.hops.push(...last.hops, hop);
			pieces.pop();
		} else {
			pieces.push({kind, key, hops: [hop]});
		}
	}
	return pieces;
};

// The boxes that a path goes through, in order: {id, kind, piece, hops, hop}. hop: the box is that single one.
const boxesOf = (path, opened, nets) => {
	const hops = [...path.hops];
	const last = hops[hops.length - 1];
	const at_end = last && last.ip === path.dest_ip ? hops.pop() : null;
	const seen = new Map(),
		boxes = [{id: 'host', kind: 'host', hops: []}];
	for (const piece of piecesOf(hops, nets)) {
		const n = (seen.get(piece.key) ?? 0) + 1;
		seen.set(piece.key, n);
		const id = piece.kind === 'silent' ? null : `${piece.key} #${n}`;
		if (id === null || !opened.has(id)) boxes.push({id, kind: piece.kind, piece: id, hops: piece.hops});
		else
			piece.hops.forEach(hop =>
				boxes.push({
					id: isSilent(hop) ? null : `${id} ${hop.ip}`,
					kind: isSilent(hop) ? 'silent' : piece.kind,
					piece: id,
					hops: [hop],
					hop,
					open: true,
				})
			);
	}
	boxes.push({
		id: `end ${path.dest_ip} ${at_end || path.reached ? 'reached' : 'silent'}`,
		kind: 'end',
		hops: at_end ? [at_end] : [],
		dest_ip: path.dest_ip,
		reached: Boolean(at_end || path.reached),
		network: at_end ? hopKind(at_end, nets) : null,
	});
	boxes.forEach((box, i) => {
		const ttls = box.hops.map(hop => hop.ttl).join(',');
		if (box.id === null)
			box.id = `silent ${ttls} after ${boxes[i - 1].id} before ${boxes[i + 1].id ?? 'silence'}`;
	});
	return boxes;
};

// Whether lines lead from one box to another.
const leads = (boxes, from, to, visited = new Set()) => {
	if (from === to) return true;
	visited.add(from);
	return [...boxes.get(from).next.keys()].some(id => !visited.has(id) && leads(boxes, id, to, visited));
};

const note = (sums, path, rtt_us) => {
	sums.flows.push(path);
	if (rtt_us !== null && rtt_us !== undefined) sums.rtts.push(rtt_us);
};
const lastRtt = hops =>
	[...hops].reverse().find(hop => hop.rtt_us !== null && hop.rtt_us !== undefined)?.rtt_us ?? null;

const addPath = (boxes, path, opened, nets) => {
	let from = null;
	for (const box of boxesOf(path, opened, nets)) {
		let id = box.id;
		// Where flows meet the same two networks in opposite order, the second meeting is a box of its own.
		while (from && boxes.has(id) && !boxes.get(from).next.has(id) && leads(boxes, id, from)) id += '′';
		if (!boxes.has(id))
			boxes.set(id, {
				...box,
				id,
				flows: [],
				rtts: [],
				all_hops: new Map(),
				next: new Map(),
				before: new Set(),
				layer: 0,
			});
		const here = boxes.get(id),
			rtt_us = lastRtt(box.hops);
		note(here, path, rtt_us);
		box.hops.forEach(hop => here.all_hops.set(`${hop.ttl} ${hop.ip}`, hop));
		if (from) {
			const line = boxes.get(from).next.get(id) ?? {flows: [], rtts: []};
			note(line, path, rtt_us);
			boxes.get(from).next.set(id, line);
			here.before.add(from);
		}
		from = id;
	}
};

export const isAbroad = box => ['foreign', 'dest', 'ixp'].includes(box.kind === 'end' ? box.network : box.kind);

// Silence right between home and elsewhere hides where the path leaves.
const markExits = boxes =>
	boxes.forEach(
		box =>
			(box.hides_exit =
				box.kind === 'silent' &&
				[...box.before].some(id => boxes.get(id).kind === 'home') &&
				[...box.next.keys()].some(id => isAbroad(boxes.get(id))))
	);

// Each box lies behind all that lead to it; ends lie at the end.
const setLayers = boxes => {
	for (let moved = true; moved;) {
		moved = false;
		for (const box of boxes.values()) {
			for (const id of box.next.keys()) {
				const next = boxes.get(id);
				if (next.layer <= box.layer) {
					next.layer = box.layer + 1;
					moved = true;
				}
			}
		}
	}
	const last = Math.max(...[...boxes.values()].map(box => box.layer));
	boxes.forEach(box => (box.layer = box.kind === 'end' ? last : box.layer));
	return last + 1;
};

const median = values =>
	values.length ? [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] : null;
const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length;

// Lines over several layers go through a place of their own in each, so that none crosses a box.
const placesOf = (boxes, n_layers) => {
	const layers = Array.from({length: n_layers}, () => []),
		lines = [];
	const places = new Map(
		[...boxes].map(([id, box]) => [id, {box, layer: box.layer, near: [[], []], at: 0, size: 1}])
	);
	places.forEach(place => layers[place.layer].push(place));
	const join = (a, b) => {
		a.near[1].push(b);
		b.near[0].push(a);
	};
	for (const [id, box] of boxes) {
		for (const [to, line] of box.next) {
			const way = [places.get(id)];
			for (let layer = box.layer + 1; layer < boxes.get(to).layer; layer++) {
				const bend = {box: null, layer, near: [[], []], at: 0, size: 0.5};
				layers[layer].push(bend);
				way.push(bend);
			}
			way.push(places.get(to));
			way.slice(1).forEach((place, i) => join(way[i], place));
			lines.push({way, ...line, rtt_us: median(line.rtts)});
		}
	}
	return {layers, lines};
};

// Neighbours beside neighbours: places are moved to the mean of what they are joined to, without overlapping.
const settle = layers => {
	const pack = (layer, side) => {
		layer.forEach(
			place =>
				(place.wish = place.near[side].length
					? mean(place.near[side].map(one => one.at))
					: place.at)
		);
		layer.sort((a, b) => a.wish - b.wish);
		let free = -Infinity;
		for (const place of layer) {
			place.at = Math.max(place.wish, free + place.size / 2);
			free = place.at + place.size / 2;
		}
		const shift = mean(layer.map(place => place.wish - place.at));
		layer.forEach(place => (place.at += shift));
	};
	layers.forEach(layer => layer.forEach((place, i) => (place.at = i)));
	for (let round = 0; round < 8; round++) {
		layers.forEach(layer => pack(layer, 0));
		[...layers].reverse().forEach(layer => pack(layer, 1));
	}
	layers.forEach(layer => pack(layer, 0));
	const least = Math.min(...layers.flat().map(place => place.at - place.size / 2));
	layers.flat().forEach(place => (place.at -= least));
};

// What lies outside on a path that is direct is the destination's, whatever its number.
const endsOf = paths => {
	const direct = paths.filter(path => path.verdict === 'direct').flatMap(path => path.hops.map(hop => hop.asn));
	return new Set([...paths.map(path => path.dest_asn), ...direct]);
};

// paths: of the API; opened: ids of pieces whose hops are shown; homes: see hopKind.
// {places: [{box, layer, at}], lines: [{way: [place], flows, rtt_us}], n_layers, breadth}: at and breadth in boxes.
export const layOut = (paths, opened, homes) => {
	const boxes = new Map();
	const nets = {homes, ends: endsOf(paths)};
	paths.forEach(path => addPath(boxes, path, opened, nets));
	markExits(boxes);
	const n_layers = setLayers(boxes);
	const {layers, lines} = placesOf(boxes, n_layers);
	settle(layers);
	const all = layers.flat();
	boxes.forEach(box => (box.rtt_us = median(box.rtts)));
	return {
		places: all.filter(place => place.box),
		lines,
		n_layers,
		breadth: Math.max(...all.map(place => place.at + place.size / 2)),
	};
};
