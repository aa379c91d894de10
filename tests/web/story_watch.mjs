// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Somebody looks at the changes of a running `watch` while a route changes: what shows up without a reload, and where
// it leads.
//
// Usage: node story_watch.mjs MODULES BROWSER SHOTS URL REROUTE OUT; for the first three see drive.mjs. REROUTE is a
// program that changes the route, OUT is where what the page showed is written as JSON.
import {execFileSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {check, end, finish, hashOf, open, same, settled, shot} from './drive.mjs';

const [url, reroute, out] = process.argv.slice(5);
const KINDS = {'AS path': 'as-path', 'new exit AS': 'exit-as-new', 'exit AS gone': 'exit-as-gone'};
const text = page => page.locator('#main').innerText();

// The rows of the list, as they are read.
const rowsOf = page =>
	page.locator('.rows-body .row').evaluateAll(rows =>
		rows.map(row => {
			const cell = name => row.querySelector('.c-' + name);
			const [before, after] = [...cell('path').querySelectorAll('a.then')];
			return {
				kind: cell('kind').textContent,
				target: cell('name').textContent,
				at_ms: Date.parse(cell('time').querySelector('time').dateTime),
				run: Number(new URLSearchParams(after.hash.split('?')[1]).get('run')),
				old: before.textContent.replace('AS', ''),
				new: after.textContent.replace('AS', ''),
				severity: cell('sev').textContent,
			};
		})
	);
const shownRun = page => page.locator('.when time').evaluate(node => Date.parse(node.dateTime));
const isShown = (page, network) =>
	page.waitForFunction(name => document.querySelector('.when')?.textContent.includes(name), network, {
		timeout: 15000,
	});

try {
	const opened = await open({url}, '#/changes'),
		{page, context, seen} = opened;
	await page.waitForSelector('#live.live');
	check('page: nothing has changed yet', /Nothing changed/.test(await text(page)), await text(page));
	await page.evaluate(() => (globalThis.was_here = true));

	execFileSync(reroute);
	await page.waitForFunction(() => document.querySelectorAll('.rows-body .row').length === 3, null, {
		timeout: 90000,
	});
	check('page: three changes show up by themselves', await page.evaluate(() => globalThis.was_here === true));
	same('page: they are marked as new', 3, await page.locator('.rows-body .fresh').count());
	await shot(page, 'story-changes');
	const rows = (await rowsOf(page)).map(row => ({...row, kind: KINDS[row.kind] ?? row.kind}));
	const list = await (await page.request.get(`${url}api/v1/changes`)).json();
	same(
		'page: the newest come first, as the API has them',
		list.items.map(one => one.kind).join(' '),
		rows.map(row => row.kind).join(' ')
	);

	// As it was before: from the old side of the change; then step by step to how it is.
	const exit = page.locator('.rows-body .row', {hasText: 'new exit AS'});
	await exit.locator('a.then').first().click();
	await settled(page, 'target');
	await isShown(page, 'AS3491');
	const last_old_ms = await shownRun(page);
	check('page: before, the path went through 3491', /AS3491/.test(await page.locator('.graph').textContent()));
	check('page: and not through 2914', !/2914/.test(await page.locator('.graph').textContent()));
	await shot(page, 'story-before', true);
	await page.keyboard.press('ArrowRight');
	await isShown(page, 'AS2914');
	await page.waitForFunction(() => /2914/.test(document.querySelector('.graph').textContent));
	const first_new_ms = await shownRun(page);
	check('page: one run later, it goes through 2914', !/3491/.test(await page.locator('.graph').textContent()));
	await shot(page, 'story-after', true);
	const permalink = url + (await hashOf(page));
	await page.keyboard.press('ArrowLeft');
	await isShown(page, 'AS3491');
	await page.waitForFunction(() => /3491/.test(document.querySelector('.graph').textContent));

	const copy = await context.newPage();
	await copy.goto(permalink);
	await settled(copy, 'target');
	same('page: the address, opened elsewhere, shows the same run', first_new_ms, await shownRun(copy));
	check('page: and the same path', /AS2914/.test(await copy.locator('.graph').textContent()));
	await copy.close();

	await page.goto(`${url}#/changes`);
	await settled(page, 'changes');
	same('page: after a reload it shows the same changes', 3, await page.locator('.rows-body .row').count());
	writeFileSync(out, JSON.stringify({rows, last_old_ms, first_new_ms}));
	same('page: nobody complained', '', seen.complaints.join(' '));
	await end(opened, 'page');
} catch (error) {
	check('page: the browser could be driven', false, error.stack.split('\n').slice(0, 6).join(' '));
} finally {
	finish();
}
