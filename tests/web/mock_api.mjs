// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A stand-in for `coldpotato serve`: the dashboard's files, and the JSON API over mock_world.mjs. Its kinds, and "broken",
// which answers errors. Serves loopback only. Knows nothing of the browser that asks.
import {createServer} from 'node:http';
import {readFileSync, existsSync} from 'node:fs';
import {extname, join, normalize} from 'node:path';
import {
	AS,
	LETTER,
	SITES,
	STEP_MS,
	VERDICTS,
	changesOf,
	exitsOf,
	flowOf,
	makeWorld,
	pathsOf,
	rowsOf,
	runRow,
	tally,
	verdictOf,
} from './mock_world.mjs';

const TYPES = {
	'.html': 'text/html; charset=utf-8',
	'.js': 'text/javascript; charset=utf-8',
	'.css': 'text/css; charset=utf-8',
	'.svg': 'image/svg+xml',
};

// ---- the answers ----

class Refused extends Error {
	constructor(status, text) {
		super(text);
		this.status = status;
	}
}

const page = (items, query) => {
	const limit = Math.min(Number(query.get('limit') ?? 100), 5000),
		offset = Number(query.get('offset') ?? 0);
	return {items: items.slice(offset, offset + limit), total: items.length};
};

const runIndex = (world, ref) => {
	if (world.runs.length === 0) throw new Refused(404, 'the store has no run yet');
	if (ref === 'latest') return world.runs.length - 1;
	const r = world.runs.indexOf(Number(ref));
	if (r < 0) throw new Refused(404, `there is no run "${ref}"`);
	return r;
};

const egressRows = (world, r) =>
	[['home', 8075], ['home', 8068], ...exitsOf(world, r).map(exit => ['exit', exit.asn])].map(([role, asn]) => ({
		role,
		asn,
		as_name: world.as_name(asn),
		ixp: null,
		paths: role === 'home' ? 3900 : exitsOf(world, r).find(exit => exit.asn === asn).paths,
		dests: 12,
		targets: 30,
		groups: 3,
		exit_routers: role === 'home' ? null : 4,
		exit_sites:
			role === 'home'
				? []
				: [
						{place: 'Amsterdam', paths: 7},
						{place: 'fra23', paths: 2},
					],
		handover_p50_us: role === 'home' ? null : 2300,
		handover_p95_us: role === 'home' ? null : 14000,
		handover_p99_us: role === 'home' ? null : 21000,
		cold_share_pct: role === 'home' ? null : 61,
		replies: 9000,
		probes: 9800,
	}));

const ofRun = (world, r, rest, query) => {
	if (rest === '')
		return {
			...runRow(world, r),
			settings: {
				version: '0.2.0',
				command: 'watch',
				host: 'vm-weu-01',
				datapath: 'xdp-native',
				rate_pps: 2000,
				flows: 3,
				attempts: 2,
				resolver: null,
				vantage: {asn: 8075, why: 'azure-dmi'},
				home: {spec: 'microsoft', asns: [8075, 8068]},
			},
			databases: [
				{
					layer: 'database',
					name: 'asn.mmdb',
					rows: 515158,
					built_at_s: Math.floor(world.runs[r] / 1000) - 86400 * 3,
				},
				{layer: 'builtin', name: 'built-in', rows: 900, built_at_s: null},
			],
			accounting: {
				probes: {per_path: 9},
				attempted: 61234,
				transmitted: 61231,
				replied: 48001,
				timed_out: 13230,
				lost: 0,
				rejected: 4,
				late: null,
			},
			warnings: [{code: 'asdb-age', text: 'the AS data is 3 days old'}],
		};
	if (rest === '/targets') {
		const q = (query.get('q') ?? '').toLowerCase(),
			rows = rowsOf(world, r).filter(
				row =>
					row.name.toLowerCase().includes(q) &&
					(!query.get('verdict') || row.verdict === query.get('verdict')) &&
					(!query.get('group') || row.group === query.get('group'))
			);
		return {
			...page(rows, query),
			groups: [...new Set(rows.map(row => row.group))]
				.sort()
				.map(group => ({group, verdicts: tally(rows.filter(row => row.group === group))})),
		};
	}
	if (rest === '/flow') return flowOf(world, r);
	if (rest === '/egress') return page(egressRows(world, r), query);
	const target = world.targets[Number(rest.slice('/targets/'.length))];
	if (!rest.startsWith('/targets/') || !target) throw new Refused(404, 'there is no such target in this run');
	return {...rowsOf(world, r)[target.i], paths: pathsOf(world, target, r)};
};

const ofAs = (world, asn, r) => {
	const mine = rowsOf(world, r).filter(row => row.as_path.split(' ').includes(String(asn)));
	if (!AS[asn]) throw new Refused(404, `AS${asn} is in no run`);
	return {
		asn,
		as_name: world.as_name(asn),
		org: `${AS[asn]} Inc.`,
		role: asn === 8075 || asn === 8068 ? 'home' : 'exit',
		handovers: [8075, 13335, 32934]
			.filter(other => other !== asn)
			.map((other, k) =>
				k
					? {
							from_asn: asn,
							from_name: world.as_name(asn),
							to_asn: other,
							to_name: world.as_name(other),
							paths: 40 + 7 * k,
							rtt_p50_us: 23000 + k,
						}
					: {
							from_asn: other,
							from_name: world.as_name(other),
							to_asn: asn,
							to_name: world.as_name(asn),
							paths: mine.length,
							rtt_p50_us: 2300,
						}
			),
		sites: SITES.slice(0, 3).map((site, k) => ({site, paths: 90 - 30 * k})),
		roles: [{role: 'exit', paths: mine.length, targets: mine.length, cold_share_pct: 61}],
		targets: mine.map(({name, port, protocol, verdict}) => ({name, port, protocol, verdict})),
		history: world.runs.map((run, k) => ({
			run,
			started_ms: run,
			paths: rowsOf(world, k).filter(row => row.exits.some(exit => exit.asn === asn)).length,
		})),
	};
};

const ofCompare = (world, query) => {
	const [a, b] = ['a', 'b'].map(side => runIndex(world, query.get(side)));
	const half = row => ({
		verdict: row.verdict,
		as_path: row.as_path,
		exits: row.exits,
		dest_rtt_us: row.dest_rtt_us,
		e2e: row.e2e,
	});
	const rank = verdict => VERDICTS.indexOf(verdict);
	const exits = new Map();
	exitsOf(world, a).forEach(({asn, as_name, paths}) =>
		exits.set(asn, {asn, as_name, a_paths: paths, b_paths: 0})
	);
	exitsOf(world, b).forEach(({asn, as_name, paths}) =>
		exits.set(asn, {...(exits.get(asn) ?? {asn, as_name, a_paths: 0}), b_paths: paths})
	);
	return {
		a: world.runs[a],
		b: world.runs[b],
		exits: [...exits.values()],
		targets: world.targets.map(({i, name, port, protocol, group}) => {
			const x = rowsOf(world, a)[i],
				y = rowsOf(world, b)[i];
			return {
				name,
				port,
				protocol,
				group,
				a: half(x),
				b: half(y),
				changed: x.verdict !== y.verdict || x.exits[0]?.asn !== y.exits[0]?.asn,
				worse: rank(y.verdict) > rank(x.verdict),
			};
		}),
	};
};

const answer = (world, path, query) => {
	const newest = world.runs.length - 1,
		latest = world.runs[newest] ?? null;
	const [, ref, rest] = path.match(/^runs\/([^/]+)(.*)$/) ?? [];
	if (ref) return ofRun(world, runIndex(world, decodeURIComponent(ref)), rest, query);
	if (path.startsWith('as/'))
		return ofAs(world, Number(path.slice(3)), runIndex(world, query.get('run') ?? 'latest'));
	const history = () => {
		const target = world.targets.find(
			one =>
				one.name === query.get('name') &&
				String(one.port) === query.get('port') &&
				one.protocol === query.get('protocol')
		);
		return target
			? world.runs
					.map((run, r) => {
						const {verdict, confidence, as_path, exits, dest_rtt_us, e2e, seq} =
							rowsOf(world, r)[target.i];
						return {
							run,
							started_ms: run,
							verdict,
							confidence,
							as_path,
							exits,
							dest_rtt_us,
							e2e,
							seq,
						};
					})
					.reverse()
			: [];
	};
	const shown = world.runs.slice(-Number(query.get('runs') ?? 48)),
		first = world.runs.length - shown.length;
	const views = {
		status: () => ({
			version: '0.2.0',
			host: 'vm-weu-01',
			agent: 'vm-weu-01',
			agents: world.runs.length ? ['vm-weu-01'] : [],
			started_ms: Date.now() - 86400000,
			store: {
				path_name: 'paths.db',
				bytes: 73400320,
				runs: world.runs.length,
				first_run: world.runs[0] ?? null,
				last_run: latest,
			},
			watching: true,
			audits: world.runs.length
				? [
						{
							name: 'm365',
							interval_s: 300,
							last_run: latest,
							next_ms: latest + STEP_MS,
							state: 'waiting',
						},
					]
				: [],
		}),
		runs: () => page(world.runs.map((_, r) => runRow(world, r)).reverse(), query),
		'flow-history': () => ({
			runs: world.runs.map((run, r) => ({
				run,
				started_ms: run,
				exits: exitsOf(world, r),
				inside: rowsOf(world, r).reduce(
					(sum, row) => sum + (row.verdict === 'inside' ? row.n_paths : 0),
					0
				),
				total: runRow(world, r).n_paths,
			})),
		}),
		'targets/history': () => page(history(), query),
		heatmap: () => ({
			runs: shown.map(run => ({run, started_ms: run})).reverse(),
			targets: world.targets.map(({i, name, port, protocol, group}) => ({
				name,
				port,
				protocol,
				group,
				cells: shown
					.map((_, k) => LETTER[verdictOf(i, first + k)] ?? '.')
					.reverse()
					.join(''),
			})),
		}),
		compare: () => ofCompare(world, query),
		changes: () =>
			page(
				changesOf(world).filter(
					change =>
						change.at_ms >= Number(query.get('since') ?? 0) &&
						(!query.get('kind') || change.kind === query.get('kind'))
				),
				query
			),
	};
	if (!views[path]) throw new Refused(404, 'there is no such resource');
	return views[path]();
};

// ---- the server ----

const HEADERS = {
	'Content-Security-Policy': "default-src 'self'",
	'X-Content-Type-Options': 'nosniff',
	'Referrer-Policy': 'no-referrer',
};

const asset = (assets, echarts, path) => {
	const name = path === '/' ? 'index.html' : normalize(path.slice('/assets/'.length));
	const file = name === 'echarts.js' ? echarts : join(assets, name);
	return name.startsWith('..') || !existsSync(file)
		? null
		: {type: TYPES[extname(file)] ?? 'application/octet-stream', body: readFileSync(file)};
};

// Starts one; resolves to {url, emit(event, data), addChange(change), addRun(), close(), state}. state.broken makes
// it answer errors.
export const serve = ({kind, assets, echarts}) =>
	new Promise(started => {
		const world = makeWorld(kind === 'broken' ? 'hostile' : kind),
			clients = new Set(),
			state = {broken: kind === 'broken'};
		const say = (response, status, type, body) => {
			response.writeHead(status, {...HEADERS, 'Content-Type': type, 'Cache-Control': 'no-store'});
			response.end(body);
		};
		const json = (response, status, value) =>
			say(response, status, 'application/json; charset=utf-8', JSON.stringify(value));
		const server = createServer((request, response) => {
			const {pathname, searchParams} = new URL(request.url, 'http://localhost');
			if (pathname === '/api/v1/events' && !state.broken) {
				response.writeHead(200, {
					...HEADERS,
					'Content-Type': 'text/event-stream',
					'Cache-Control': 'no-store',
				});
				response.write(': hello\n\n');
				clients.add(response);
				request.on('close', () => clients.delete(response));
				return;
			}
			if (!pathname.startsWith('/api/')) {
				const found = asset(assets, echarts, pathname);
				return found
					? say(response, 200, found.type, found.body)
					: json(response, 404, {error: 'not here'});
			}
			if (state.broken)
				return json(response, 503, {
					error: 'the store is locked by another program <b>now</b>',
				});
			try {
				return json(
					response,
					200,
					answer(world, pathname.slice('/api/v1/'.length), searchParams)
				);
			} catch (error) {
				return json(response, error.status ?? 500, {error: error.message});
			}
		});
		const emit = (event, data) =>
			clients.forEach(client => client.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
		server.listen(0, '127.0.0.1', () =>
			started({
				url: `http://127.0.0.1:${server.address().port}/`,
				emit,
				state,
				world,
				addChange: change => {
					world.extra.unshift(change);
					emit('change', change);
				},
				addRun: () => {
					world.runs.push(
						world.runs.length
							? world.runs[world.runs.length - 1] + STEP_MS
							: Date.now()
					);
					emit('run', {
						run: world.runs[world.runs.length - 1],
						audit: 'm365',
						agent: 'vm-weu-01',
					});
				},
				close: () => {
					clients.forEach(client => client.end());
					server.closeAllConnections();
					return new Promise(done => server.close(done));
				},
			})
		);
	});
