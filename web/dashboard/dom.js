// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Makes elements. What the data says gets into the page as text only, and only through here. Knows no view and no data.

const SVG = 'http://www.w3.org/2000/svg';

// Control characters, bidirectional overrides and the like are shown, not obeyed.
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
export const clean = text =>
	String(text).replace(HIDDEN, c => {
		const code = c.charCodeAt(0).toString(16);
		return code.length <= 2 ? '\\x' + code.padStart(2, '0') : '\\u{' + code + '}';
	});

const fill = (node, children) => {
	for (const child of children.flat(Infinity)) {
		if (child !== null && child !== undefined && child !== false)
			node.append(child instanceof Node ? child : clean(child));
	}
	return node;
};

// Attributes that start with "on" are listeners; true is an attribute without a value; null and false are left out.
const dress = (node, attributes) => {
	for (const [name, value] of Object.entries(attributes)) {
		if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
		else if (value === true) node.setAttribute(name, '');
		else if (value !== null && value !== undefined && value !== false)
			node.setAttribute(name, name === 'href' ? value : clean(value));
	}
	return node;
};

const isAttributes = value => value && typeof value === 'object' && !(value instanceof Node) && !Array.isArray(value);

const make = (node, className, rest) => {
	if (className) node.setAttribute('class', className);
	if (isAttributes(rest[0])) dress(node, rest.shift());
	return fill(node, rest);
};

// el('p', 'class', {attributes}?, ...children)
export const el = (tag, className = '', ...rest) => make(document.createElement(tag), className, rest);
export const svg = (tag, className = '', ...rest) => make(document.createElementNS(SVG, tag), className, rest);

export const button = (className, label, onclick, attributes = {}) =>
	el('button', className, {type: 'button', onclick, ...attributes}, label);

// A table: heads are strings or [string, class]; each row is an array of contents, one a head.
export const table = (className, heads, rows, caption = '') => {
	const columns = heads.map(head => (Array.isArray(head) ? head : [head, '']));
	return el(
		'table',
		className,
		caption ? el('caption', '', caption) : null,
		el(
			'thead',
			'',
			el(
				'tr',
				'',
				columns.map(([name, kind]) => el('th', kind, {scope: 'col'}, name))
			)
		),
		el(
			'tbody',
			'',
			rows.map(row =>
				el(
					'tr',
					'',
					row.map((content, i) => el('td', columns[i][1], content))
				)
			)
		)
	);
};

export const scroller = (what, ...children) =>
	el('div', 'scroll', {tabindex: '0', role: 'region', 'aria-label': what}, ...children);

export const facts = pairs =>
	el(
		'dl',
		'facts',
		pairs
			.filter(
				([, value]) =>
					value !== null &&
					value !== undefined &&
					value !== '' &&
					!(Array.isArray(value) && value.length === 0)
			)
			.map(([name, value]) => [el('dt', '', name), el('dd', '', value)])
	);

// Calls what after the last of a burst of calls.
export const later = (what, wait_ms) => {
	let timer = 0;
	return (...args) => {
		clearTimeout(timer);
		timer = setTimeout(() => what(...args), wait_ms);
	};
};
