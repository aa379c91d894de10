// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// One run: how it was made, what it says about itself, where its probes went; and the runs around it. Also what the
// store has.
import {get, url} from './api.js';
import {el, facts, scroller, table} from './dom.js';
import {
	agentOf,
	empty,
	haveCloseTimes,
	heading,
	link,
	runLine,
	runPath,
	runQuery,
	severalAgents,
	verdictBar,
} from './parts.js';
import {bytes, count, isTime, known, span, time} from './words.js';

const RUNS_LISTED = 50;

const plain = value => {
	if (value === null || value === undefined || value.length === 0) return known(null);
	if (Array.isArray(value) && value.every(one => typeof one !== 'object')) return value.join(' ');
	return typeof value === 'object' ? el('code', '', JSON.stringify(value)) : String(value);
};
const named = object =>
	facts(
		Object.entries(object ?? {})
			.filter(([key]) => !['type', 'schema_version', 'databases'].includes(key))
			.map(([key, value]) => [el('code', '', key), plain(value)])
	);

// What stands in objects gets a name of both.
const flat = (object, before = '') =>
	Object.entries(object).flatMap(([key, value]) =>
		value !== null && typeof value === 'object' ? flat(value, `${before}${key}.`) : [[before + key, value]]
	);
const counters = accounting => {
	const rows = flat(accounting ?? {}).filter(([, value]) => typeof value === 'number' || value === null);
	return rows.length === 0
		? empty('Not recorded.')
		: scroller(
				'Accounting',
				table(
					'counters',
					['Counter', ['Value', 'num']],
					rows.map(([name, value]) => [el('code', '', name), known(value, count(value))])
				)
			);
};

const databaseTable = rows =>
	!rows?.length
		? empty('Not recorded.')
		: scroller(
				'AS data',
				table(
					'slim',
					['Layer', 'Source', ['Rows', 'num'], 'Built'],
					rows.map(row => [
						row.layer,
						row.name,
						known(row.rows, count(row.rows)),
						time(row.built_at_s === null ? null : 1000 * row.built_at_s),
					])
				)
			);

const runTable = (runs, run) => {
	const is_close = haveCloseTimes(runs);
	return scroller(
		'Runs',
		table(
			'run-list',
			[
				'Started',
				...(severalAgents() ? ['From'] : []),
				'Audit',
				['Took', 'num'],
				'',
				['Targets', 'num'],
				['Paths', 'num'],
				['Decided', 'num'],
				['Probes', 'num'],
				['Lost', 'num'],
				'End',
			],
			runs.map(one => [
				el(
					'a',
					'',
					{
						href: link('run', {run: one.run, agent: agentOf(one)}),
						'aria-current':
							one.run === run.run && one.agent === run.agent ? 'true' : null,
					},
					time(one.started_ms, is_close)
				),
				...(severalAgents() ? [one.agent] : []),
				one.audit ?? '',
				isTime(one.ended_ms) ? span(one.ended_ms - one.started_ms) : known(null),
				verdictBar(one.verdicts),
				count(one.n_targets),
				count(one.n_paths),
				known(one.coverage_pct, `${one.coverage_pct} %`),
				count(one.probes),
				count(one.lost),
				el('span', 'none', one.end_reason ?? 'unfinished'),
			])
		)
	);
};

const auditTable = audits =>
	scroller(
		'Audits',
		table(
			'',
			['Audit', 'State', ['Every', 'num'], 'Last run', 'Next'],
			audits.map(audit => [
				audit.name || el('span', 'none', 'without a name'),
				audit.state,
				known(audit.interval_s, span(1000 * audit.interval_s)),
				audit.last_run === null
					? known(null)
					: el(
							'a',
							'',
							{
								href: link('board', {
									run: audit.last_run,
									agent: agentOf(audit),
								}),
							},
							time(audit.last_run)
						),
				time(audit.next_ms),
			])
		)
	);

const storeFacts = status =>
	facts([
		['Program', `coldpotato ${status.version}`],
		['Host', status.host],
		[severalAgents() ? 'Agents' : 'Agent', severalAgents() ? status.agents.join(', ') : status.agent],
		['Serving since', time(status.started_ms)],
		['Watching', status.watching ? 'yes' : 'no: what is shown was stored before'],
		['Store', status.store.path_name],
		['Size', status.store.bytes === null ? null : bytes(status.store.bytes)],
		['Runs', count(status.store.runs)],
		['First run', time(status.store.first_run)],
		['Last run', time(status.store.last_run)],
	]);

export const show = async (params, ctx) => {
	const [run, runs, status] = await Promise.all([
		get(runPath(params), runQuery(params), ctx.signal),
		get('runs', {audit: params.audit, agent: params.agent, limit: RUNS_LISTED}, ctx.signal),
		get('status', {}, ctx.signal),
	]);
	const warnings = run.warnings ?? [];
	return {
		title: 'Run',
		json: url(runPath(params), runQuery(params)),
		nodes: [
			heading('Run', runLine(run, params)),
			warnings.length
				? el(
						'div',
						'warnings',
						el('h2', '', 'Warnings'),
						el(
							'ul',
							'',
							warnings.map(one =>
								el(
									'li',
									'',
									one.text ?? String(one),
									' ',
									one.code ? el('code', '', one.code) : null
								)
							)
						)
					)
				: null,
			status.audits.length ? [el('h2', '', 'Audits'), auditTable(status.audits)] : null,
			el(
				'div',
				'pair',
				el('section', '', el('h2', '', 'Settings'), named(run.settings)),
				el('section', '', el('h2', '', 'Accounting'), counters(run.accounting)),
				el('section', '', el('h2', '', 'Store'), storeFacts(status))
			),
			el('h2', '', 'AS data'),
			databaseTable(run.databases),
			el('h2', '', 'Runs'),
			runTable(runs.items, run),
		],
	};
};
