// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Asks the server: JSON, and what happens (server-sent events). Says failures in words. Knows no view.

const BASE = '/api/v1/';
const PAGE = 5000; // what the server gives at most at a time
const MOST = 100000; // items that a view loads; what is left out is said
const AGAIN_MS = 10000;

export const url = (path, query = {}) => {
	const given = Object.entries(query).filter(
		([, value]) => value !== null && value !== undefined && value !== ''
	);
	return BASE + path + (given.length ? '?' + new URLSearchParams(given) : '');
};

// What went wrong, in words, and how: 0 is a server that does not answer.
export class ApiError extends Error {
	constructor(status, message) {
		super(message);
		this.status = status;
	}
}

export const get = async (path, query, signal) => {
	let answer, text;
	try {
		answer = await fetch(url(path, query), {signal, headers: {Accept: 'application/json'}});
		text = await answer.text();
	} catch (error) {
		if (error.name === 'AbortError') throw error;
		throw new ApiError(0, 'the server does not answer; is coldpotato still running?');
	}
	let body = null;
	try {
		body = JSON.parse(text);
	} catch {
		throw new ApiError(
			answer.status,
			`the server answered with something that is no JSON (status ${answer.status})`
		);
	}
	if (!answer.ok) throw new ApiError(answer.status, body?.error ?? `status ${answer.status}`);
	return body;
};

// All items of a list, in as many requests as that takes: {items, total, ...what else the first answer has}.
export const getAll = async (path, query, signal) => {
	const first = await get(path, {...query, limit: PAGE, offset: 0}, signal);
	const items = first.items;
	while (items.length < Math.min(first.total, MOST)) {
		const next = await get(path, {...query, limit: PAGE, offset: items.length}, signal);
		if (next.items.length === 0) break;
		items.push(...next.items);
	}
	return {...first, items};
};

// Calls told(name, data) for each event, and state('live' | 'waiting') when the connection comes and goes.
export const listen = (told, state) => {
	const source = new EventSource(BASE + 'events');
	source.onopen = () => state('live');
	source.onerror = () => {
		state('waiting');
		// Refused altogether: the browser gives up, so ask again.
		if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(told, state), AGAIN_MS);
	};
	for (const name of ['run', 'change', 'progress']) {
		source.addEventListener(name, event => {
			try {
				told(name, JSON.parse(event.data));
			} catch (error) {
				console.warn(`event ${name} is not understood: ${error.message}`);
			}
		});
	}
};
