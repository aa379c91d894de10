// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The dashboard as it is used: by keyboard, while things happen, on a phone, in the dark; and what it meets: hostile
// names, an empty store, a server that fails.
import {
	DARK,
	PHONE,
	check,
	end,
	focused,
	go,
	matched,
	names,
	open,
	overflow,
	same,
	settled,
	shot,
	someTarget,
	targetHash,
} from './drive.mjs';

export const keyboard = async server => {
	const opened = await open(server),
		{page} = opened;
	await page.keyboard.press('/');
	check('keys: / goes to the search', await page.evaluate(() => document.activeElement.matches('[data-search]')));
	await page.keyboard.type('transit sql');
	await page.waitForTimeout(200);
	check(
		'keys: typing there filters',
		(await matched(page)) > 0 && (await matched(page)) < 400,
		await matched(page)
	);
	await page.keyboard.press('ArrowDown');
	const first = await focused(page);
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('ArrowDown');
	const third = await focused(page);
	check(
		'keys: arrows go from row to row',
		first !== third && (await names(page)).indexOf(third) === 2,
		`${first} ${third}`
	);
	await page.keyboard.press('End');
	await page.waitForTimeout(50);
	const last = await focused(page);
	check(
		'keys: End goes to the last, which is on the screen',
		last !== third &&
			(await page.evaluate(() => {
				const box = document.activeElement.getBoundingClientRect();
				return box.top > 0 && box.bottom <= innerHeight;
			})),
		last
	);
	await page.keyboard.press('Enter');
	await settled(page, 'target');
	same('keys: Enter opens it', last, await page.locator('h1').innerText());
	same('keys: the name of the view has the focus', last, await focused(page));
	await page.keyboard.press('Escape');
	await settled(page, 'board');
	check(
		'keys: Esc goes back, and the search is as it was',
		(await page.locator('#main [data-search]').inputValue()) === 'transit sql'
	);
	await page.locator('#main [data-search]').focus();
	await page.keyboard.press('Escape');
	await page.waitForTimeout(200);
	same('keys: Esc empties the search', 5000, await matched(page));
	await page.keyboard.press('Escape');
	await page.keyboard.press('?');
	check('keys: ? says which there are', await page.locator('#help').isVisible());
	await shot(page, 'help');
	await page.keyboard.press('Escape');
	check('keys: Esc closes that', !(await page.locator('#help').isVisible()));
	for (const [key, view] of [
		['2', 'flow'],
		['3', 'heat'],
		['4', 'changes'],
		['5', 'compare'],
		['6', 'run'],
		['1', 'board'],
	]) {
		await page.keyboard.press(key);
		await settled(page, view);
	}
	const n_forced = await page.evaluate(
		() =>
			[...document.querySelectorAll('a, button, select, input')].filter(node => node.tabIndex > 0)
				.length
	);
	same('keys: the focus goes in the order of the page', 0, n_forced);
	await end(opened, 'keys');
};

export const live = async server => {
	const opened = await open(server, '#/board'),
		{page} = opened;
	await page.waitForSelector('#live.live');
	server.emit('progress', {audit: 'm365', done: 1200, total: 5000});
	await page.waitForSelector('#progress:not([hidden])');
	check('live: progress is shown', /m365: 1,200 of 5,000/.test(await page.locator('#progress').innerText()));
	await shot(page, 'progress');
	const before = await page.locator('.title time').getAttribute('datetime');
	server.addRun();
	await page.waitForFunction(
		was => document.querySelector('.title time')?.getAttribute('datetime') !== was,
		before
	);
	check('live: a new run shows up by itself', await page.locator('#progress').isHidden());
	await page.keyboard.press('/');
	await page.keyboard.type('sql');
	server.addRun();
	await page.waitForSelector('#notice:not([hidden])');
	same('live: but not under somebody’s hands', 'sql', await page.locator('#main [data-search]').inputValue());
	server.state.broken = true;
	await page.getByRole('button', {name: 'Show it'}).click();
	await page.waitForSelector('.failure');
	check(
		'live: a failure is said in words',
		/locked by another program <b>now<\/b>/.test(await page.locator('.failure').innerText())
	);
	await shot(page, 'error');
	server.state.broken = false;
	await page.getByRole('button', {name: 'Try again'}).click();
	await settled(page, 'board');
	check('live: and trying again helps', (await page.locator('.rows-body .row').count()) > 5);
	opened.seen.complaints = opened.seen.complaints.filter(text => !/503/.test(text));
	await end(opened, 'live');
};

export const looks = async server => {
	const transit = await someTarget(server, 'transit', 3);
	const views = {
		board: '#/board',
		flow: '#/flow',
		heat: '#/heat',
		changes: '#/changes',
		compare: `#/compare?a=${server.world.runs[10]}`,
		run: '#/run',
		as: '#/as?asn=3491',
		target: targetHash(transit),
	};
	for (const [look, options] of [
		['dark', DARK],
		['phone', PHONE],
	]) {
		const opened = await open(server, '', options),
			{page} = opened;
		for (const [name, hash] of Object.entries(views)) {
			await go(page, hash);
			if (name === 'flow') await page.waitForSelector('.sankey svg path');
			const over = await overflow(page);
			check(`${look}: ${name} is no wider than the screen`, over <= 0, over);
			await shot(page, `${name}-${look}`, ['target', 'flow'].includes(name));
		}
		await end(opened, look);
	}
};

export const hostile = async server => {
	const opened = await open(server),
		{page} = opened;
	check(
		'F66: hostile: the name is shown',
		(await page.locator('main').innerText()).includes('<img src=x onerror=alert(1)>')
	);
	check(
		'F66: hostile: escape codes are shown, not obeyed',
		(await page.locator('main').innerText()).includes('\\x1b[31mred')
	);
	check(
		'F66: hostile: nor are bidirectional overrides',
		(await page.locator('main').innerText()).includes('\\u{202e}gnp.evil')
	);
	same(
		'F66: hostile: all names are there',
		server.world.targets.length,
		await page.locator('.rows-body .row').count()
	);
	await shot(page, 'hostile');
	const hashes = server.world.targets.map(targetHash);
	for (const hash of hashes) {
		await go(page, hash);
		if (await page.locator('.failure').count())
			check(`F66: hostile: ${hash} opens`, false, await page.locator('.failure').innerText());
	}
	check('F66: hostile: every name has its permalink', true);
	check(
		'F66: hostile: a name of 253 letters is no wider than the screen',
		(await overflow(page)) <= 0,
		await overflow(page)
	);
	for (const view of ['flow', 'heat', 'changes', 'compare', 'run', 'as?asn=8075', 'board']) {
		await go(page, '#/' + view);
		check(
			`F66: hostile: ${view} is no wider than the screen`,
			(await overflow(page)) <= 0,
			await overflow(page)
		);
	}
	same('F66: hostile: no element of the data exists', 0, await page.locator('img, main script, main iframe').count());
	await end(opened, 'hostile');
};

export const empty = async server => {
	const opened = await open(server),
		{page} = opened;
	for (const view of ['board', 'flow', 'heat', 'changes', 'compare', 'run']) {
		await go(page, '#/' + view);
		check(
			`empty: ${view} says what to do`,
			/coldpotato watch -c FILE/.test(await page.locator('main').innerText())
		);
	}
	await shot(page, 'empty');
	same(
		'empty: a store without runs is no fault',
		'',
		opened.seen.complaints.filter(text => !/404/.test(text)).join(' ')
	);
	await page.waitForSelector('#live.live');
	server.addRun();
	await page.waitForFunction(() => !/coldpotato watch -c/.test(document.getElementById('main').innerText));
	check('empty: the first run shows up by itself', true);
	await end(opened, 'empty');
};

export const broken = async server => {
	const opened = await open(server, '', {}, true),
		{page} = opened;
	check(
		'broken: it says what the server says',
		/the store is locked by another program <b>now<\/b>/.test(await page.locator('main').innerText())
	);
	check('broken: it says that it is not live', /reconnecting/.test(await page.locator('#live').innerText()));
	await end(opened, 'broken');
};
