// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// One target: its paths as a graph and hop by hop, and how both were at earlier runs.
import {ApiError, get, url} from './api.js';
import {runLine as rttLine, timeAxis, verdictStrip} from './charts.js';
import {el, facts, later, scroller, table} from './dom.js';
import {isSilent} from './pathgraph.js';
import {pathView} from './pathview.js';
import {block as qualityBlock, inWords, isMeasured} from './quality.js';
import {qualityChart} from './qualitychart.js';
import {
	agentNames,
	empty,
	exitsText,
	haveCloseTimes,
	heading,
	link,
	networkLink,
	runParams,
	runPath,
	runQuery,
	severalAgents,
	targetParams,
} from './parts.js';
import {
	count,
	counted,
	groupName,
	known,
	networkText,
	pathText,
	pill,
	rtt,
	targetLabel,
	time,
	utc,
	verdictName,
} from './words.js';

const RUNS = 200; // of history
const DRAWN = 200; // paths in the graph; all are in the list
const VANTAGES = 8; // others that are said
const SLIDE_MS = 60;

// ---- hop by hop ----

const answerOf = hop => {
	const flags = Array.isArray(hop.flags) ? hop.flags : [hop.flags];
	return [hop.inferred && 'inferred', hop.reply, ...flags, hop.mpls?.length && 'MPLS'].filter(Boolean).join(', ');
};

const hopRow = (hop, run) => {
	if (isSilent(hop)) return [String(hop.ttl), el('span', 'none', 'no answer'), '', '', '', '', ''];
	const network = hop.asn || typeof hop.ixp === 'string' ? networkLink(hop, run) : known(null);
	return [String(hop.ttl), hop.ip, network, hop.ptr ?? '', hop.site ?? '', known(rtt(hop.rtt_us)), answerOf(hop)];
};

const HOP_HEADS = [['TTL', 'num'], 'Address', 'Network', 'Name', 'Site', ['RTT', 'num'], 'Answer'];
const hopTable = (path, run) => {
	if (path.hops.length === 0) return empty('No hop was seen or asked.');
	const rows = path.hops.map(hop => hopRow(hop, run));
	return scroller('Hops', table('hops', HOP_HEADS, rows));
};

const borderPlace = ({ttl_min, ttl_max}) => {
	if (ttl_min === null || ttl_min === undefined) return 'not known where';
	if (ttl_max !== null && ttl_max > ttl_min + 1) return `between TTL ${ttl_min} and ${ttl_max}`;
	return ttl_min === 0 ? 'at this host' : `after TTL ${ttl_min}`;
};

const border = exit => {
	if (!exit) return null;
	const home = exit.last_home;
	const at = home ? [home.ip, home.ptr, home.site].filter(Boolean).join(', ') : '';
	const to = exit.first_foreign ? networkText(exit.first_foreign) : '';
	return `${borderPlace(exit)}${at && ` (${at})`}${to && `, to ${to}`}`;
};

const pathDetails = (path, run, open) => {
	const node = el(
		'details',
		'path',
		el(
			'summary',
			'',
			pill(path.verdict),
			el('span', 'to', `${path.dest_ip}, flow ${path.flow ?? '?'}`),
			el('span', 'aspath', pathText(path.as_path)),
			el('span', 'rtt', path.reached ? '' : 'not reached')
		)
	);
	const fill = () => {
		if (node.childElementCount === 1)
			node.append(
				facts([
					['Confidence', path.confidence],
					['Leaves home', border(path.exit)],
					['Rule', path.rule && el('code', '', path.rule)],
					[
						'Why',
						path.reasons?.length
							? path.reasons.map(code => [el('code', '', code), ' '])
							: null,
					],
					['Ended', path.end_reason],
					['Its destination', isMeasured(path.e2e) ? inWords(path.e2e) : null],
				]),
				hopTable(path, run)
			);
	};
	node.addEventListener('toggle', fill);
	node.open = open;
	return node;
};

// ---- history ----

// What makes one run another than the run before: the verdict, and through whom it leaves.
const wayOf = one => [one.verdict, ...(one.exits ?? []).map(networkText).sort()].join('\n');

const slider = (history, at, choose) => {
	const said = el('output', 'when'),
		is_close = haveCloseTimes(history);
	const quality = qualityChart(history, is_close, choose);
	const range = el('input', '', {
		type: 'range',
		min: '0',
		max: String(history.length - 1),
		value: String(at),
		'aria-label': 'Run',
		oninput: () => choose(Number(range.value)),
	});
	const say = i => {
		quality?.say(i);
		range.value = String(i);
		range.setAttribute(
			'aria-valuetext',
			`${utc(history[i].started_ms)}, ${verdictName(history[i].verdict)}` +
				(quality ? `, end to end ${inWords(history[i].e2e)}` : '')
		);
		said.replaceChildren(
			time(history[i].started_ms, is_close),
			i === history.length - 1 ? ' (latest)' : '',
			' ',
			pill(history[i].verdict),
			' ',
			exitsText(history[i].exits, history[i].verdict),
			' ',
			rtt(history[i].dest_rtt_us) ?? ''
		);
	};
	say(at);
	const rtts = history.map(one => one.dest_rtt_us).filter(us => us !== null && us !== undefined);
	const line = rtts.length
		? el(
				'div',
				'rtt-line',
				el(
					'span',
					'note',
					`RTT ${quality ? 'of the paths ' : ''}${rtt(Math.min(...rtts))} to ${rtt(Math.max(...rtts))}`
				),
				rttLine(
					'RTT over time',
					history.map(one => one.dest_rtt_us)
				)
			)
		: null;
	return {
		say,
		node: el(
			'section',
			'history',
			{'aria-label': 'History'},
			el('div', 'history-top', el('h2', '', 'History'), said),
			line,
			quality?.node,
			el(
				'div',
				'slide',
				verdictStrip(
					history.map(one => one.verdict),
					(first, last) =>
						`${utc(history[first].started_ms)}: ${verdictName(history[first].verdict)}` +
						(last > first ? `, until ${utc(history[last].started_ms)}` : ''),
					choose,
					history.map(wayOf)
				),
				range
			),
			timeAxis(history),
			quality?.numbers
		),
	};
};

// ---- the view ----

const homesOf = (run, target) => {
	const asns = run.settings?.home?.asns;
	if (Array.isArray(asns) && asns.length) return new Set(asns);
	// Without the list: what lies before an exit, or on a path that stays inside, is home.
	const home = target.paths.flatMap(path =>
		path.hops
			.filter(
				hop =>
					hop.asn &&
					(path.verdict === 'inside' || (path.exit && hop.ttl <= path.exit.ttl_min))
			)
			.map(hop => hop.asn)
	);
	return home.length ? new Set(home) : null;
};

const whyNothing = target => target.skip_reason ?? (target.reasons?.join(', ') || 'the reason is not recorded');

const summary = target =>
	facts([
		['Group', groupName(target.group)],
		['Leaves home to', exitsText(target.exits, target.verdict)],
		['AS path', pathText(target.as_path)],
		['RTT', rtt(target.dest_rtt_us)],
		['Confidence', target.confidence],
		['CNAME chain', target.cname?.length ? target.cname.join(' > ') : null],
		['Skipped', target.skip_reason],
		['Why', target.reasons?.length ? target.reasons.map(code => [el('code', '', code), ' ']) : null],
	]);

// ---- which runs of it ----

const asked = (params, signal, rest) =>
	get('targets/history', {name: params.name, port: params.port, protocol: params.protocol, ...rest}, signal);

// Whose runs: as the address says, or those of the run that it names, or of who saw the target last.
const vantageOf = async (params, signal) => {
	if (params.agent || !severalAgents()) return params.agent ?? null;
	if (/^\d+$/.test(params.run ?? '')) return (await get(runPath(params), {}, signal)).agent;
	return (await asked(params, signal, {limit: 1})).items[0]?.agent ?? null;
};

const historyOf = async (params, agent, signal) => {
	const {items} = await asked(params, signal, {agent, limit: RUNS});
	return [...items].sort((a, b) => a.started_ms - b.started_ms);
};

// The newest of each of the other vantages that has it.
const elsewhere = async (params, agent, signal) => {
	const others = severalAgents() ? agentNames().filter(name => name !== agent) : [];
	const newest = others
		.slice(0, VANTAGES)
		.map(async name => (await asked(params, signal, {agent: name, limit: 1})).items[0]);
	return (await Promise.all(newest)).filter(Boolean);
};

// The place in the history of what the address says: a run, or before:MS, the last that started before then.
const placeOf = (history, params) => {
	if (!params.run) return history.length - 1;
	const [, before] = params.run.match(/^before:(\d+)$/) ?? [];
	const at = before
		? history.findLastIndex(one => one.started_ms < Number(before))
		: history.findIndex(one => String(one.run) === params.run);
	if (at < 0)
		throw new ApiError(
			404,
			`run ${params.run} is not among the last ${counted(history.length, 'run')} of ${params.name}`
		);
	return at;
};

const vantages = (target, agent, others) =>
	others.length === 0
		? null
		: el(
				'p',
				'note vantages',
				'Seen from ',
				el('b', 'agent', agent),
				others.map(one => [
					'; from ',
					el(
						'a',
						'',
						{href: link('target', targetParams(target, {agent: one.agent}))},
						one.agent
					),
					': ',
					pill(one.verdict),
					' ',
					exitsText(one.exits, one.verdict),
				])
			);

const dataOf = one => [runPath(one, `/targets/${one.seq}`), runQuery(one)];

const pathList = (target, run) => [
	el('h2', '', `Paths (${count(target.paths.length)})`),
	...target.paths.map((path, i) => pathDetails(path, run, i === 0)),
];

export const show = async (params, ctx) => {
	const agent = await vantageOf(params, ctx.signal);
	const [history, others] = await Promise.all([
		historyOf(params, agent, ctx.signal),
		elsewhere(params, agent, ctx.signal),
	]);
	if (history.length === 0) throw new ApiError(404, `${params.name ?? 'this target'} is in no run of the store`);
	let at = placeOf(history, params);
	const opened = new Set((params.open ?? '').split('|').filter(Boolean));
	// In the address the latest is none in particular.
	const shownRun = () => runParams({run: at === history.length - 1 ? null : history[at].run, agent});
	const keep = () =>
		ctx.keep({
			name: params.name,
			port: params.port,
			protocol: params.protocol,
			...shownRun(),
			open: [...opened].join('|'),
		});
	const head = el('div', 'beside'),
		list = el('div'),
		figure = el('div');
	let view = null,
		asking = null;

	const place = (target, run) => {
		if (!view) {
			view = pathView({homes: homesOf(run, target), opened, changed: keep});
			figure.append(view.node);
		}
		const one = history[at];
		head.replaceChildren(summary(target), ...(target.paths.length ? [qualityBlock(target.paths)] : []));
		if (target.paths.length) view.set(target.paths.slice(0, DRAWN));
		view.node.hidden = target.paths.length === 0;
		list.replaceChildren(
			...(target.paths.length
				? pathList(target, shownRun())
				: [empty(`Nothing was probed: ${whyNothing(target)}.`)])
		);
		document.getElementById('json').href = url(...dataOf(one));
	};
	const load = signal =>
		Promise.all([
			get(...dataOf(history[at]), signal),
			get(runPath(history[at]), runQuery(history[at]), signal),
		]);
	const follow = later(async () => {
		asking?.abort();
		asking = new AbortController();
		const {signal} = asking;
		try {
			const [target, run] = await load(signal);
			place(target, run);
			keep();
		} catch (error) {
			if (signal.aborted) return;
			list.replaceChildren(el('p', 'failure', {role: 'alert'}, error.message));
		}
	}, SLIDE_MS);
	const choose = i => {
		at = Math.min(Math.max(i, 0), history.length - 1);
		slide?.say(at);
		follow();
	};
	const slide = history.length > 1 ? slider(history, at, choose) : null;
	const [target, run] = await load(ctx.signal);
	place(target, run);
	return {
		title: targetLabel(target),
		json: url(...dataOf(history[at])),
		ready: () => {
			view.start();
			keep();
		},
		keys: slide ? {ArrowLeft: () => choose(at - 1), ArrowRight: () => choose(at + 1)} : {},
		stop: () => {
			asking?.abort();
			view.stop();
		},
		nodes: [
			el('p', 'note crumbs', el('a', '', {href: link('board', shownRun())}, 'Verdicts')),
			heading(targetLabel(target)),
			vantages(target, agent, others),
			head,
			slide
				? slide.node
				: el(
						'p',
						'note',
						'One run so far: ',
						time(history[0].started_ms),
						' ',
						pill(history[0].verdict)
					),
			figure,
			list,
		],
	};
};
