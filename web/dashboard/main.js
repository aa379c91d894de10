// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Which view is shown: the address's part after # says it (#/view?what=...), so that each view has a permalink. Also
// what is around the views: which run, what happens right now, keys.
import {ApiError, get, listen} from './api.js';
import {button, el} from './dom.js';
import {heading, learnAgents, link, runNamer, runParams} from './parts.js';
import {count} from './words.js';

const VIEWS = {
	board: () => import('./board.js'),
	flow: () => import('./flow.js'),
	heat: () => import('./heat.js'),
	changes: () => import('./changes.js'),
	compare: () => import('./compare.js'),
	run: () => import('./run.js'),
	target: () => import('./target.js'),
	as: () => import('./as.js'),
};
const ORDER = ['board', 'flow', 'heat', 'changes', 'compare', 'run'];
const OF_A_RUN = new Set(['board', 'flow', 'run', 'target', 'as']);
const WAIT_MS = 150; // before "loading" replaces what is there
const RUNS_LISTED = 200;

const at = id => document.getElementById(id);
const main = at('main');
let view = null; // what is shown: {name, params, shown, stop}
let here = ''; // the address that the view is of
let asking = new AbortController();
let n_unseen = 0;
let status = null;

// ---- where ----

const where = () => {
	const [path, query = ''] = location.hash.replace(/^#\/?/, '').split(/\?(.*)/s);
	const name = path || 'board';
	return {name, params: Object.fromEntries(new URLSearchParams(query))};
};

const keep = (name, params) => {
	const next = link(name, params);
	// Somebody has gone elsewhere, which is told a moment later: that address is not this view's.
	if (location.hash !== here || next === here) return;
	history.replaceState(null, '', next);
	here = location.hash;
	markNav({name, params});
};

// ---- said in words ----

const nothingYet = () => [
	heading('No run yet'),
	el('p', 'empty', 'The store has no run. Start one, and it shows up here by itself:'),
	el('pre', 'command', 'coldpotato watch -c FILE'),
	el('p', 'note', 'or, once:'),
	el('pre', 'command', 'coldpotato audit preset:microsoft --store FILE'),
];

const failed = error => {
	const is_answer = error instanceof ApiError;
	const title = {0: 'No answer', 404: 'Not there'}[is_answer ? error.status : -1] ?? 'That did not work';
	const advice = is_answer ? error.message : `this page has a fault: ${error.message}`;
	return [
		heading(title),
		el('p', 'failure', {role: 'alert'}, advice),
		el(
			'p',
			'',
			button('', 'Try again', () => render()),
			' ',
			el('a', '', {href: '#/board'}, 'Verdicts of the latest run')
		),
	];
};

const notice = (...content) => {
	at('notice').replaceChildren(...content);
	at('notice').hidden = content.length === 0;
};

// ---- the view ----

const place = (shown, name, params, quiet) => {
	view?.shown.rows?.stop();
	view?.shown.stop?.();
	view = {name, params, shown};
	main.replaceChildren(...shown.nodes.flat().filter(Boolean));
	main.dataset.view = name;
	main.setAttribute('aria-busy', 'false');
	document.title = `${shown.title} – coldpotato`;
	at('json').href = shown.json ?? '/api/v1/status';
	shown.ready?.();
	shown.rows?.start();
	if (!quiet) scrollTo(0, 0);
};

// Which run a permalink means, as the value of an option.
const choice = params => link('', runParams(params));

const markNav = ({name, params}) => {
	for (const a of at('views').querySelectorAll('a')) {
		const to = a.dataset.view;
		a.href = link(to, OF_A_RUN.has(to) && OF_A_RUN.has(name) ? runParams(params) : {});
		if (to === name) a.setAttribute('aria-current', 'page');
		else a.removeAttribute('aria-current');
	}
	// On a phone the row of views is wider than the screen.
	const current = at('views').querySelector('[aria-current]');
	at('views').scrollLeft = current
		? current.offsetLeft + current.offsetWidth / 2 - at('views').clientWidth / 2
		: 0;
	at('run-label').hidden = !OF_A_RUN.has(name) || at('run').length < 2;
	const chosen = choice(params);
	if (at('run').length > 1 && ![...at('run').options].some(option => option.value === chosen))
		at('run').append(
			el('option', '', {value: chosen}, Object.values(runParams(params)).filter(Boolean).join(' · '))
		);
	at('run').value = chosen;
	if (name === 'changes') {
		n_unseen = 0;
		at('unseen').hidden = true;
	}
};

const load = async ({name, params}, signal) => {
	if (status === null || status.store.runs === 0) {
		status = await get('status', {}, signal);
		learnAgents(status.agents);
	}
	if (status.store.runs === 0) return {title: 'No run yet', nodes: nothingYet()};
	if (!Object.hasOwn(VIEWS, name)) throw new ApiError(404, `there is no view "${name}"`);
	const module = await VIEWS[name]();
	return module.show(params, {
		signal,
		keep: state => keep(name, state),
		go: (to, query) => (location.hash = link(to, query)),
	});
};

// quiet: the same view with newer data; the reader stays where he is.
const render = async (quiet = false) => {
	const target = where();
	here = location.hash;
	asking.abort();
	asking = new AbortController();
	const {signal} = asking;
	const y = scrollY;
	const waiting = setTimeout(
		() => quiet || signal.aborted || main.replaceChildren(el('p', 'wait', 'Loading …')),
		WAIT_MS
	);
	main.setAttribute('aria-busy', 'true');
	notice();
	markNav(target);
	try {
		const shown = await load(target, signal);
		if (signal.aborted) return;
		place(shown, target.name, target.params, quiet);
		if (quiet) scrollTo(0, y);
	} catch (error) {
		if (signal.aborted) return;
		if (!(error instanceof ApiError)) console.error(error);
		place({title: 'Error', nodes: failed(error)}, target.name, target.params, quiet);
	} finally {
		clearTimeout(waiting);
	}
};

const goTo = name => (location.hash = at('views').querySelector(`[data-view="${name}"]`).getAttribute('href'));

// ---- which run ----

// The newest of each kind of runs that there are several of, by audit and by who made them.
const newest = items => {
	const keys = ['audit', 'agent'].filter(key => new Set(items.map(run => run[key] ?? '')).size > 1);
	const kinds = new Map();
	for (const run of items) {
		const kind = Object.fromEntries(keys.map(key => [key, run[key]]).filter(([, value]) => value));
		kinds.set(JSON.stringify(kind), kind);
	}
	return [...kinds.keys()]
		.sort()
		.map(key => kinds.get(key))
		.filter(kind => Object.keys(kind).length);
};

const listRuns = async () => {
	const {items} = await get('runs', {limit: RUNS_LISTED});
	learnAgents(items.map(run => run.agent));
	const name = runNamer(items);
	const option = (params, text) => el('option', '', {value: choice(params)}, text);
	at('run').replaceChildren(
		option({}, 'latest'),
		...newest(items).map(kind => option(kind, ['latest', ...Object.values(kind)].join(' · '))),
		...items.map(run => option(run, name(run)))
	);
	markNav(where());
};
at('run').addEventListener('change', event => {
	const {name, params} = where();
	const chosen = new URLSearchParams(event.target.value.split('?')[1]);
	const rest = {...params};
	for (const key of ['run', 'audit', 'agent']) rest[key] = chosen.get(key);
	location.hash = link(name, rest);
});

// ---- what happens ----

const progress = ({audit, done, total}) => {
	const over = !total || done >= total;
	at('progress').hidden = over;
	if (!over)
		at('progress').replaceChildren(
			el('progress', '', {value: done, max: total, 'aria-label': 'Probing'}),
			el('span', '', `${audit ? audit + ': ' : ''}${count(done)} of ${count(total)}`)
		);
};

// What has the focus when nothing is done with it: the view as such, or its name.
const isIdle = node => !node || node === document.body || node === main || node.matches('h1');

// Newer data is shown at once, unless that would pull the page away from under somebody's hands.
const newRun = ({audit, agent}) => {
	const {params} = where();
	if (params.run && view?.name !== 'compare') {
		notice(
			'A newer run is there. ',
			el('a', '', {href: link(view.name, {...params, run: null})}, 'Show the latest')
		);
		return;
	}
	if (params.audit && audit && params.audit !== audit) return;
	if (params.agent && agent && params.agent !== agent && view?.name !== 'compare') return;
	if (view && status?.store.runs && main.contains(document.activeElement) && !isIdle(document.activeElement))
		notice(
			'A newer run is there. ',
			button('plain', 'Show it', () => render(true))
		);
	else render(true);
};

const told = (name, data) => {
	if (name === 'progress') return progress(data);
	if (name === 'run') {
		progress({});
		learnAgents([data.agent]);
		listRuns().catch(() => notice('The list of runs could not be loaded.'));
		if (view?.shown.live) return view.shown.live(name, data);
		return newRun(data);
	}
	if (view?.name !== 'changes') {
		at('unseen').textContent = ++n_unseen > 99 ? '99+' : String(n_unseen);
		at('unseen').hidden = false;
		at('unseen').setAttribute('aria-label', `${n_unseen} new`);
	}
	return view?.shown.live?.(name, data);
};

listen(told, state => {
	at('live').className = state;
	at('live').textContent = state === 'live' ? 'live' : 'reconnecting …';
	at('live').title =
		state === 'live'
			? 'What happens shows up by itself'
			: 'The server does not answer; what is shown may be old';
});

// ---- keys ----

const escape = event => {
	const field = document.activeElement;
	if (field?.matches('input[type="search"]') && field.value) {
		field.value = '';
		field.dispatchEvent(new Event('input'));
	} else if (!isIdle(field)) {
		field.blur();
	} else if (['target', 'as'].includes(view?.name)) {
		history.length > 1 ? history.back() : goTo('board');
	} else {
		return;
	}
	event.preventDefault();
};

const KEYS = {
	'/': () => {
		const search = main.querySelector('[data-search]');
		search?.focus();
		search?.select();
	},
	'?': () => at('help').showModal(),
	r: () => render(true),
	ArrowDown: () => view?.shown.rows?.focusFirst(),
};
document.addEventListener('keydown', event => {
	if (event.ctrlKey || event.altKey || event.metaKey || at('help').open) return;
	if (event.key === 'Escape') return escape(event);
	const typing = event.target.matches('input, select, textarea');
	if (typing && !(event.key === 'ArrowDown' && event.target.matches('[data-search]'))) return;
	const view_i = Number(event.key) - 1;
	const act = view?.shown.keys?.[event.key] ?? (ORDER[view_i] ? () => goTo(ORDER[view_i]) : KEYS[event.key]);
	if (!act || event.defaultPrevented || (event.key === 'ArrowDown' && !view?.shown.rows)) return;
	event.preventDefault();
	act();
});
at('help-button').addEventListener('click', KEYS['?']);
document.querySelector('.skip').addEventListener('click', event => {
	event.preventDefault();
	main.focus();
});
// The name of the new view is what is read next.
addEventListener('hashchange', async () => {
	await render();
	main.querySelector('h1')?.focus({preventScroll: true});
});

render();
listRuns().catch(() => {}); // an error of the server is said by the view
