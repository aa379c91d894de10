// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// One AS: who hands over to whom, where, how fast, for which targets, and how much of that over time.
import {get, url} from './api.js';
import {runBars, shareTitle} from './charts.js';
import {el, facts, scroller, table} from './dom.js';
import {agentOf, asLink, empty, heading, link, runParams, runQuery, searchBox, targetLink} from './parts.js';
import {makeRows} from './rows.js';
import {asText, count, counted, known, pill, rtt, wordsOf} from './words.js';

const handovers = (title, rows, other, params) => [
	el('h2', '', title),
	rows.length === 0
		? empty('Nobody was seen to in this run.')
		: scroller(
				title,
				table(
					'',
					['Network', ['Paths', 'num'], ['RTT p50', 'num']],
					rows
						.sort((a, b) => b.paths - a.paths)
						.map(row => [
							asLink(row[other + '_asn'], row[other + '_name'], params),
							count(row.paths),
							known(rtt(row.rtt_p50_us)),
						])
				)
			),
];

const siteTable = sites =>
	sites.length === 0
		? empty('No router name tells a site.')
		: scroller(
				'Sites',
				table(
					'',
					['Site', ['Paths', 'num']],
					sites.map(row => [row.site ?? 'unknown', count(row.paths)])
				)
			);

const overTime = (history, asn) => {
	const runs = [...history].sort((a, b) => a.started_ms - b.started_ms);
	const most = Math.max(1, ...runs.map(run => run.paths ?? 0));
	return runs.length === 0
		? empty('No history yet.')
		: runBars(
				'Paths through this network, one bar a run',
				runs.map(run => ({
					started_ms: run.started_ms,
					whole: most,
					parts: [['c0', run.paths ?? 0]],
					href: link('as', {asn, run: run.run, agent: agentOf(run)}),
					title: shareTitle(run, [['paths', run.paths ?? 0]], most).replace(
						/: .*/,
						`: ${counted(run.paths ?? 0, 'path')}`
					),
				})),
				{height: 90}
			);
};

export const show = async (params, ctx) => {
	const query = {run: params.run ?? 'latest', ...runQuery(params)};
	const path = `as/${encodeURIComponent(params.asn ?? '')}`;
	const as = await get(path, query, ctx.signal);
	const into = as.handovers.filter(row => row.to_asn === as.asn),
		from = as.handovers.filter(row => row.from_asn === as.asn);
	const rows = makeRows({
		label: 'Targets',
		className: 'as-targets',
		none: as.targets.length ? 'No target is left by this search.' : 'No target in this run.',
		heads: [
			['Verdict', 'c-verdict'],
			['Target', 'c-name'],
		],
		cells: target => [pill(target.verdict), targetLink(target, {run: params.run, agent: as.agent})],
	});
	const apply = () => {
		const words = wordsOf(search.value);
		rows.set(
			as.targets.filter(target =>
				words.every(word => `${target.name} ${target.verdict}`.toLowerCase().includes(word))
			)
		);
		ctx.keep({asn: as.asn, ...runParams(params), q: search.value});
	};
	const search = searchBox('targets', params.q, apply);
	return {
		title: asText(as.asn, as.as_name),
		json: url(path, query),
		rows,
		ready: apply,
		nodes: [
			heading(asText(as.asn, as.as_name)),
			facts([
				['Organisation', as.org],
				['Role', as.role],
				['Seen from', agentOf(as)],
				[
					'In this run',
					(as.roles ?? [])
						.map(one => `${one.role} (${counted(one.paths, 'path')})`)
						.join(', '),
				],
			]),
			el(
				'div',
				'pair',
				el('section', '', handovers('Handed over to it by', into, 'from', params)),
				el('section', '', handovers('It hands over to', from, 'to', params)),
				el('section', '', el('h2', '', 'Where'), siteTable(as.sites))
			),
			el('h2', '', 'Paths over time'),
			overTime(as.history, as.asn),
			el('h2', '', `Targets (${count(as.targets.length)})`),
			el('div', 'filter', search),
			rows.node,
		],
	};
};
