// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The report's script: filters the lists, draws paths that are not drawn yet, and the flow diagram. What it shows comes
// from the element "data" (user/format/html_data.c) and gets into the page as text only. Everything but the list of all
// paths is in the page without it.
(() => {
	'use strict';

	const CHUNK = 100; // rows at a time
	const OPEN_CASES = 3; // findings that stay open on a screen
	const DIAGRAM_NODES = 14; // of a column; the smaller ones share one
	const DIAGRAM_MIN = 640; // px; narrower screens scroll it
	const PAPER = 690; // px across a printed page
	const INSIDE = 'stays inside';
	const KINDS = ['unknown', 'home', 'foreign', 'ixp', 'private'];
	const CONFIDENCE = ['low', 'medium', 'high'];

	const source = document.getElementById('data').textContent;
	const data = JSON.parse(source);

	// Control characters, bidirectional overrides and the like are shown, not obeyed.
	const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
	const clean = text => text.replace(HIDDEN, c => {
		const code = c.charCodeAt(0).toString(16);
		return code.length <= 2 ? '\\x' + code.padStart(2, '0') : '\\u{' + code + '}';
	});

	const el = (tag, className, ...children) => {
		const node = document.createElement(tag);
		if (className)
			node.className = className;
		for (const child of children)
			node.append(typeof child === 'string' ? clean(child) : child);
		return node;
	};

	const pill = outcome => el('span', 'pill v' + outcome, data.verdicts[outcome]);
	const count = n => n.toLocaleString('en-US');
	const counted = (n, what) => `${count(n)} ${n === 1 ? what : what + 's'}`;
	const ms = us => us < 0 ? 'RTT ?' : us < 100 ? us + ' µs' : (us / 1000).toFixed(us < 10000 ? 2 : us < 1000000 ? 1 : 0) + ' ms';

	// ---- a path, in the boxes of user/format/html_case.c ----

	const border = (path, next) => {
		const from = path[11];
		const where = next <= from + 1 ? '' : from ? ` between TTL ${from} and ${next}` : ` before TTL ${next}`;
		return el('li', 'border', el('span', '', 'leaves home' + where));
	};

	const box = (ttl, router, rtt, isEnd) => {
		const node = el('li', `hop ${KINDS[router[1]]}${isEnd ? ' end' : ''}`, el('span', 'ttl', ttl),
			el('span', 'ip', router[0]), el('span', 'as', router[1] === 3 ? 'exchange ' + router[2] : router[2]));
		if (router[3])
			node.append(el('span', 'ptr', router[3]));
		node.append(el('span', 'rtt', ms(rtt)));
		if (rtt === -2)
			node.append(el('span', 'note', 'inferred, not seen on this path'));
		return node;
	};

	const drawHops = path => {
		const hops = path[12], first = path[10], leaves = path[11], list = el('ol', 'hops');
		const n = hops.length / 2;
		const nextSeen = i => {
			while (i < n && hops[2 * i] < 0)
				i++;
			return i < n ? first + i : 0;
		};
		if (leaves === 0)
			list.append(border(path, nextSeen(0)));
		for (let i = 0; i < n;) {
			const start = i;
			while (i < n && hops[2 * i] < 0)
				i++;
			if (i > start) {
				const range = i - start > 1 ? `${first + start}–${first + i - 1}` : `${first + start}`;
				list.append(el('li', 'hop silent', el('span', 'ttl', range), el('span', 'ip', 'no answer')));
				continue;
			}
			const router = data.routers[hops[2 * i]];
			list.append(box(`${first + i}`, router, hops[2 * i + 1], i === n - 1 && router[0] === path[1]));
			if (leaves === first + i && leaves > 0)
				list.append(border(path, nextSeen(i + 1)));
			i++;
		}
		return list;
	};

	const drawPath = path => {
		const facts = el('dl', 'facts', el('dt', '', 'Destination'),
			el('dd', '', `${path[1]}, ${path[8]}, flow ${path[2]}`), el('dt', '', 'Confidence'),
			el('dd', '', CONFIDENCE[path[4]]));
		if (path[13])
			facts.append(el('dt', '', 'Service tag'), el('dd', '', path[13]));
		if (path[14])
			facts.append(el('dt', '', 'End to end'), el('dd', '', path[14]));
		const why = el('ul');
		data.reasons.forEach(([code, sentence], bit) => {
			if (path[5] & 1 << bit)
				why.append(el('li', '', sentence + ' ', el('code', '', code)));
		});
		if (why.childElementCount)
			facts.append(el('dt', '', 'Why'), el('dd', '', why));
		if (data.targets[path[0]][7])
			facts.append(el('dt', '', 'CNAME chain'), el('dd', '', data.targets[path[0]][7]));
		return [drawHops(path), facts];
	};

	// ---- lists ----

	const cell = (content, className) => el('td', className || '', ...(Array.isArray(content) ? content : [content]));

	// The columns of end-to-end quality are there where it was measured.
	const targets = document.getElementById('targets');
	const hasQuality = targets.tHead.rows[0].cells.length > 6;
	const percent = hundredths => hundredths < 0 ? '–' : (hundredths / 100).toFixed(2) + ' %';
	const time = us => us < 0 ? '–' : us === 0 ? '0 µs' : ms(us);

	const targetRow = row => {
		const tr = el('tr');
		tr.append(cell(pill(row[2])), cell(row[0]), cell(row[1]), cell(count(row[3]), 'num'),
			cell(row[3] ? row[5] : row[4]), cell(row[6]));
		if (hasQuality)
			tr.append(cell(percent(row[8]), row[8] > 0 ? 'num lossy' : 'num'), cell(time(row[9]), 'num'),
				cell(time(row[10]), 'num'));
		return tr;
	};

	const toggle = (tr, button, path) => {
		const open = button.getAttribute('aria-expanded') === 'true';
		button.setAttribute('aria-expanded', String(!open));
		tr.classList.toggle('open', !open);
		if (open) {
			tr.nextElementSibling.remove();
			return;
		}
		const detail = el('td', 'detail', ...drawPath(path));
		detail.colSpan = tr.childElementCount;
		tr.after(el('tr', '', detail));
	};

	const pathRow = path => {
		const tr = el('tr'), button = el('button', '', data.targets[path[0]][0]);
		button.type = 'button';
		button.setAttribute('aria-expanded', 'false');
		button.addEventListener('click', () => toggle(tr, button, path));
		const flow = path[2] ? `, flow ${path[2]}` : '';
		tr.append(cell(pill(path[3])), cell(button), cell(path[1] + flow), cell(path[6]), cell(path[7]),
			cell(path[9] < 0 ? '–' : ms(path[9]), 'num'), cell(String(path[12].length / 2), 'num'));
		return tr;
	};

	// What a click on a heading leads to: the first order, its reverse, as they came. Numbers begin with the greatest;
	// what is not known (-1, '') is last in any order.
	const makeSorter = (table, keys, changed) => {
		const heads = [...table.tHead.rows[0].cells];
		let column = -1, reverse = false;

		const isKnown = value => value !== -1 && value !== '';
		const compare = (a, b) => {
			const x = keys[column](a), y = keys[column](b);
			if (isKnown(x) !== isKnown(y))
				return isKnown(x) ? -1 : 1;
			const order = typeof x === 'number' ? y - x : x < y ? -1 : x > y ? 1 : 0;
			return reverse ? -order : order;
		};
		const direction = () => typeof keys[column](keys.sample) === 'number' === reverse ? 'ascending' : 'descending';
		const click = i => {
			if (column !== i)
				[column, reverse] = [i, false];
			else if (!reverse)
				reverse = true;
			else
				column = -1;
			heads.forEach((head, k) => k === column ? head.setAttribute('aria-sort', direction()) :
				head.removeAttribute('aria-sort'));
			changed();
		};
		heads.forEach((head, i) => {
			const button = el('button', '', head.textContent);
			button.type = 'button';
			button.addEventListener('click', () => click(i));
			head.replaceChildren(button);
		});
		return rows => column < 0 ? rows : [...rows].sort(compare);
	};

	// A filter over rows, of which only what is looked at becomes elements.
	const makeList = ({table, host, rows, outcome, group, text, render, what, lazy, keys}) => {
		const body = table.tBodies[0], more = el('button', 'more'), result = el('output');
		const search = el('input'), groups = el('select'), chosen = new Set();
		let matching = rows, shown = 0, haystacks = null;

		const showMore = () => {
			const part = document.createDocumentFragment();
			for (const end = Math.min(shown + CHUNK, matching.length); shown < end; shown++)
				part.append(render(matching[shown]));
			body.append(part);
			more.hidden = shown >= matching.length;
			more.textContent = `Show more (${count(matching.length - shown)} left)`;
		};
		const apply = () => {
			const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
			if (words.length && !haystacks)
				haystacks = new Map(rows.map(row => [row, text(row).toLowerCase()]));
			matching = sorted(rows.filter(row => (!chosen.size || chosen.has(outcome(row))) &&
				(!groups.value || group(row) === groups.value.slice(1)) &&
				words.every(word => haystacks.get(row).includes(word))));
			result.textContent = matching.length === rows.length ? counted(rows.length, what) :
				`${count(matching.length)} of ${counted(rows.length, what)}`;
			body.textContent = '';
			shown = 0;
			showMore();
		};

		const sorted = rows.length ? makeSorter(table, Object.assign(keys, {sample: rows[0]}), apply) : list => list;

		search.type = 'search';
		search.placeholder = 'Name, address, network …';
		search.setAttribute('aria-label', `Search ${what}s`);
		search.addEventListener('input', apply);
		host.append(search);
		const present = new Set(rows.map(outcome));
		data.verdicts.forEach((name, i) => {
			if (!present.has(i) || present.size < 2)
				return;
			const button = el('button', 'v' + i, name);
			button.type = 'button';
			button.setAttribute('aria-pressed', 'false');
			button.addEventListener('click', () => {
				chosen.has(i) ? chosen.delete(i) : chosen.add(i);
				button.setAttribute('aria-pressed', String(chosen.has(i)));
				apply();
			});
			host.append(button);
		});
		const names = [...new Set(rows.map(group))].sort();
		if (names.length > 1) {
			groups.setAttribute('aria-label', 'Group');
			groups.append(new Option('all groups', ''), ...names.map(name => new Option(clean(name) || 'no group', '=' + name)));
			groups.addEventListener('change', apply);
			host.append(groups);
		}
		host.append(result);
		more.type = 'button';
		more.addEventListener('click', showMore);
		table.parentElement.hidden = false;
		table.parentElement.after(more);
		if (!lazy) {
			apply();
			return;
		}
		// Filled when it comes near; typing into its filter fills it, too.
		result.textContent = counted(rows.length, what);
		more.hidden = true;
		const watcher = new IntersectionObserver(entries => {
			if (!entries.some(entry => entry.isIntersecting))
				return;
			watcher.disconnect();
			if (!shown)
				apply();
		}, {rootMargin: '600px'});
		watcher.observe(table.parentElement.parentElement);
	};

	makeList({
		table: targets, host: document.getElementById('target-filter'), rows: data.targets,
		outcome: row => row[2], group: row => row[1], render: targetRow, what: 'target', lazy: false,
		text: row => [row[0], row[1], row[4], row[5], row[6], data.verdicts[row[2]]].join(' '),
		keys: [row => row[2], row => row[0], row => row[1], row => row[3], row => row[3] ? row[5] : row[4], row => row[6],
			row => row[8], row => row[9], row => row[10]],
	});
	makeList({
		table: document.getElementById('path-list'), host: document.getElementById('path-filter'), rows: data.paths,
		outcome: row => row[3], group: row => data.targets[row[0]][1], render: pathRow, what: 'path', lazy: true,
		text: row => [data.targets[row[0]][0], row[1], row[6], row[7], row[8], row[13], data.verdicts[row[3]]].join(' '),
		keys: [row => row[3], row => data.targets[row[0]][0], row => row[1], row => row[6], row => row[7], row => row[9],
			row => row[12].length / 2],
	});

	// ---- findings: the first ones open; all of them on paper ----

	const cases = [...document.querySelectorAll('.case')];
	cases.slice(OPEN_CASES).forEach(item => item.open = false);

	// ---- the diagram ----

	// Small nodes of a column are one node, so that a large run stays legible.
	const foldSmall = (flows, column) => {
		const sums = new Map();
		flows.forEach(flow => sums.set(flow[column], (sums.get(flow[column]) || 0) + flow[3]));
		if (sums.size <= DIAGRAM_NODES)
			return flows;
		const kept = new Set([...sums].sort((a, b) => b[1] - a[1]).slice(0, DIAGRAM_NODES - 1).map(([name]) => name));
		const rest = `${sums.size - kept.size} others`;
		return flows.map(flow => flow.map((value, i) => i === column && !kept.has(value) ? rest : value));
	};

	const makeDiagram = figure => {
		let flows = data.flows.map(flow => flow.map(value => typeof value === 'string' ? clean(value) : value));
		[0, 1, 2].forEach(column => flows = foldSmall(flows, column));
		const nodes = new Map(), links = new Map();
		const node = (column, label, verdict) => {
			const name = column + label, known = nodes.get(name);
			if (!known)
				nodes.set(name, {name, label, column, verdict});
			else
				known.verdict = Math.max(known.verdict, verdict);
			return name;
		};
		const link = (a, b, n, verdict) => {
			const key = a + '\n' + b + '\n' + verdict, known = links.get(key);
			if (known)
				known.value += n;
			else
				links.set(key, {source: a, target: b, value: n, verdict});
		};
		for (const [group, exit, dest, n, verdict] of flows) {
			const a = node(0, group, verdict), b = node(1, exit, verdict), c = node(2, dest, verdict);
			link(a, b, n, verdict);
			link(b, c, n, verdict);
		}
		const columns = [0, 1, 2].map(i => [...nodes.values()].filter(item => item.column === i).length);
		const height = Math.max(180, 46 * Math.max(...columns) + 20);
		const canvas = el('div');
		figure.hidden = false;
		figure.append(canvas);
		const chart = echarts.init(canvas, null,
			{renderer: 'svg', width: Math.max(DIAGRAM_MIN, figure.clientWidth), height});

		const draw = () => {
			const style = getComputedStyle(document.documentElement);
			const color = name => style.getPropertyValue('--' + name).trim();
			const ofNode = item => item.column === 1 ? (item.label === INSIDE ? color('v0') : color('v' + item.verdict)) :
				color('soft');
			chart.setOption({
				animation: false,
				textStyle: {fontFamily: 'system-ui, sans-serif', color: color('ink')},
				tooltip: {
					renderMode: 'richText', backgroundColor: color('paper'), borderColor: color('soft'),
					textStyle: {color: color('ink')},
					formatter: ({dataType, data: item, value}) => dataType === 'node' ?
						`${item.label}: ${counted(value, 'path')}` :
						`${item.source.slice(1)} → ${item.target.slice(1)}\n${counted(item.value, 'path')}, ` +
						data.verdicts[item.verdict],
				},
				series: [{
					type: 'sankey', left: 4, right: 190, top: 8, bottom: 8, nodeWidth: 14, nodeGap: 16, draggable: false,
					emphasis: {focus: 'adjacency'}, layoutIterations: 64,
					data: [...nodes.values()].map(item => ({...item, depth: item.column,
						itemStyle: {color: ofNode(item), borderWidth: 0}})),
					links: [...links.values()].map(item => ({...item,
						lineStyle: {color: color('v' + item.verdict), opacity: 0.32, curveness: 0.5}})),
					label: {
						color: color('ink'), fontSize: 12.5, width: 180, overflow: 'truncate',
						formatter: ({data: item}) => item.label,
					},
				}],
			}, true);
			chart.getZr().flush();
		};
		const size = width => {
			chart.resize({width, height});
			draw();
		};
		const fit = () => size(Math.max(DIAGRAM_MIN, figure.clientWidth));
		draw();
		addEventListener('resize', fit);
		matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
		return {print: () => size(PAPER), screen: fit};
	};

	// The page's policy refuses style attributes that are set as text, which is how the library sets them on SVG; set as
	// properties they are allowed.
	const setAttribute = Element.prototype.setAttribute;
	Element.prototype.setAttribute = function (name, value) {
		if (name === 'style')
			this.style.cssText = value;
		else
			setAttribute.call(this, name, value);
	};
	const figure = document.getElementById('sankey');
	const diagram = figure && typeof echarts === 'object' && data.flows.length ? makeDiagram(figure) : null;

	// ---- paper ----

	let closed = [];
	const paper = matchMedia('print');
	const toPaper = () => {
		if (closed.length === 0)
			closed = cases.filter(item => !item.open);
		closed.forEach(item => item.open = true);
		if (diagram)
			diagram.print();
	};
	const fromPaper = () => {
		closed.forEach(item => item.open = false);
		closed = [];
		if (diagram)
			diagram.screen();
	};
	paper.addEventListener('change', () => paper.matches ? toPaper() : fromPaper());
	addEventListener('beforeprint', toPaper);
	addEventListener('afterprint', fromPaper);

	// ---- the data's hash ----

	const check = document.getElementById('hash-check');
	if (globalThis.crypto && crypto.subtle && check) {
		crypto.subtle.digest('SHA-256', new TextEncoder().encode(source)).then(hash => {
			const hex = [...new Uint8Array(hash)].map(byte => byte.toString(16).padStart(2, '0')).join('');
			const same = check.parentElement.querySelector('code').textContent === hex;
			check.textContent = same ? '✓ checked by this browser' : '✗ the data of this page is not what was written';
		});
	}
})();
