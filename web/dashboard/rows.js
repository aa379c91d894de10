// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A list of any length, of which only the rows near the screen are elements. A row is reached with the arrow keys and
// opened with Enter: its first link is what has the focus. Knows no data.
import {el} from './dom.js';

const SPARE = 12; // rows beyond the edges of the screen

const MOVES = {ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -Infinity, End: Infinity};

// heads: [text, class] a column; cells(item): contents, one a column, the link among them; className: how wide
// columns are.
export const makeRows = ({label, className, heads, cells, none}) => {
	const body = el('div', 'rows-body', {role: 'rowgroup'});
	const head = el(
		'div',
		'row head',
		{role: 'row', 'aria-rowindex': '1'},
		heads.map(([text, kind]) => el('span', kind, {role: 'columnheader'}, text))
	);
	const nothing = el('p', 'empty', none);
	const list = el('div', 'rows ' + className, {role: 'table', 'aria-label': label}, head, body);
	const node = el('div', '', list, nothing);
	const shown = new Map(); // index -> element
	let items = [],
		active = 0,
		height = 0;

	const makeRow = i => {
		const row = el(
			'div',
			i % 2 ? 'row odd' : 'row',
			{role: 'row', 'aria-rowindex': String(i + 2), 'data-i': String(i)},
			cells(items[i]).map((content, column) => el('span', heads[column][1], {role: 'cell'}, content))
		);
		row.style.transform = `translateY(${i * height}px)`;
		row.querySelectorAll('a').forEach(a => (a.tabIndex = i === active ? 0 : -1));
		return row;
	};
	const drop = (row, i) => {
		row.remove();
		shown.delete(i);
	};
	// In the order of the list, so that readers of the screen meet it in that order.
	const insert = i => {
		const row = makeRow(i);
		const next = [...shown.keys()].filter(at => at > i).sort((a, b) => a - b)[0];
		body.insertBefore(row, next === undefined ? null : shown.get(next));
		shown.set(i, row);
	};
	const draw = () => {
		if (!node.isConnected) return;
		const top = body.getBoundingClientRect().top;
		const first = Math.max(0, Math.floor(-top / height) - SPARE);
		const end = Math.min(items.length, Math.ceil((innerHeight - top) / height) + SPARE);
		for (const [i, row] of shown) {
			if ((i < first || i >= end) && !(i < items.length && row.contains(document.activeElement)))
				drop(row, i);
		}
		for (let i = first; i < end; i++) {
			if (!shown.has(i)) insert(i);
		}
	};
	// Rows are as high as the style sheet says, which differs on phones.
	const measure = () => {
		const now = parseFloat(getComputedStyle(list).getPropertyValue('--row')) || 34;
		if (now === height) return;
		height = now;
		fill();
	};
	const fill = () => {
		for (const [i, row] of shown) drop(row, i);
		list.hidden = items.length === 0;
		nothing.hidden = items.length > 0;
		list.setAttribute('aria-rowcount', String(items.length + 1));
		body.style.height = `${items.length * height}px`;
		draw();
	};
	const focus = i => {
		if (items.length === 0) return;
		shown.get(active)
			?.querySelectorAll('a')
			.forEach(a => (a.tabIndex = -1));
		active = Math.min(Math.max(i, 0), items.length - 1);
		const y = body.getBoundingClientRect().top + active * height;
		const ceiling = document.getElementById('top').offsetHeight + head.offsetHeight;
		if (y < ceiling) scrollBy(0, y - ceiling);
		else if (y + height > innerHeight) scrollBy(0, y + height - innerHeight + 8);
		draw();
		const links = shown.get(active).querySelectorAll('a');
		links.forEach(a => (a.tabIndex = 0));
		links[0]?.focus({preventScroll: true});
	};

	list.addEventListener('keydown', event => {
		const move = MOVES[event.key];
		if (move === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
		event.preventDefault();
		focus(active + move);
	});
	body.addEventListener('focusin', event => {
		const row = event.target.closest('.row');
		if (row) active = Number(row.dataset.i);
	});
	// All of a row is its link, except where text is being selected or another link is.
	body.addEventListener('click', event => {
		if (event.target.closest('a, button') || String(getSelection())) return;
		event.target.closest('.row')?.querySelector('a')?.click();
	});
	const resized = () => {
		measure();
		draw();
	};
	addEventListener('scroll', draw, {passive: true});
	addEventListener('resize', resized);

	return {
		node,
		set: list_items => {
			items = list_items;
			active = 0;
			if (height) fill();
		},
		// Once it is in the page.
		start: () => {
			measure();
			fill();
		},
		stop: () => {
			removeEventListener('scroll', draw);
			removeEventListener('resize', resized);
		},
		focusFirst: () => focus(0),
	};
};
