// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Opens HTML reports in a browser and checks what a reader meets: nothing is loaded, nothing is refused, the diagram is
// drawn, lists filter, findings open, paper and phones are served, and all of it without scripts.
//
// Usage: node report.mjs MODULES BROWSER SHOTS story=FILE large=FILE hostile=FILE lab=FILE
// MODULES holds playwright-core; SHOTS is where screenshots go. Prints lines "ok - ", "not ok - ", "# ".
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, browser, shots, ...rest] = process.argv.slice(2);
const files = Object.fromEntries(rest.map(arg => arg.split('=')));
const { chromium } = createRequire(join(resolve(modules), 'x.js'))('playwright-core');
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
	'--disable-background-networking', '--disable-component-update', '--disable-sync'];
const profile = mkdtempSync(join(tmpdir(), 'coldpotato-web-'));
let failed = 0;

const check = (what, holds, detail = '') => {
	if (!holds)
		failed++;
	console.log(holds ? `ok - ${what}` : `not ok - ${what}: ${String(detail).replace(/\n/g, ' | ')}`);
};
const same = (what, want, got) => check(what, want === got, `expected ${want}, got ${got}`);

let n_contexts = 0;
const open = async (file, options = {}) => {
	const context = await chromium.launchPersistentContext(join(profile, String(n_contexts++)), {
		executablePath: browser, headless: true, args: flags, viewport: {width: 1240, height: 900}, ...options});
	const page = await context.newPage();
	const seen = {complaints: [], requests: [], dialogs: 0};
	const url = pathToFileURL(resolve(file)).href;
	page.on('console', message => ['error', 'warning'].includes(message.type()) && seen.complaints.push(message.text()));
	page.on('pageerror', error => seen.complaints.push(error.message));
	page.on('request', request => request.url() !== url && seen.requests.push(request.url()));
	page.on('dialog', dialog => {
		seen.dialogs++;
		dialog.dismiss();
	});
	await page.goto(url);
	await page.waitForTimeout(300);
	return {context, page, seen};
};
const rows = page => page.locator('#targets tbody tr').count();
const overflow = page => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
const shot = (page, name, fullPage = true) => page.screenshot({path: join(shots, name + '.png'), fullPage});

const story = async () => {
	const { context, page, seen } = await open(files.story);
	check('the answer is on the page', /of \d+ targets? stays? inside/.test(await page.locator('.answer').innerText()));
	check('the diagram is drawn as SVG', await page.locator('#sankey svg path').count() > 5);
	check('the diagram names a network', /AS\d+/.test(await page.locator('#sankey svg').textContent()));
	const bounds = await page.locator('#sankey svg').boundingBox();
	await page.locator('#sankey svg').scrollIntoViewIfNeeded();
	const texts = await page.locator('#sankey svg text').count();
	await page.locator('#sankey svg').hover({position: {x: 10, y: bounds.height / 2}});
	await page.waitForTimeout(150);
	check('the diagram explains what is pointed at', await page.locator('#sankey svg text').count() > texts);
	check('the numbers of the diagram are in a table', await page.locator('#flow table tbody tr').count() > 2);
	await page.waitForFunction(() => document.getElementById('hash-check').textContent);
	check('the hash of the data holds', (await page.locator('#hash-check').textContent()).startsWith('✓'));

	const all = await rows(page);
	await page.locator('#target-filter input').fill('zenn');
	const some = await rows(page);
	check('the search leaves what it names', some > 0 && some < all, `${some} of ${all}`);
	await page.locator('#target-filter input').fill('');
	await page.locator('#target-filter button.v0').click();
	const inside = await page.locator('#targets tbody .pill').allInnerTexts();
	check('a verdict filters', inside.length > 0 && inside.every(text => text === 'inside'), inside);
	await page.locator('#target-filter button.v0').click();
	same('all targets come back', all, await rows(page));

	const finding = page.locator('.case').first();
	if (!await finding.evaluate(item => item.open))
		await finding.locator('summary').click();
	check('a finding shows its path hop by hop', await finding.locator('.hop').count() > 2);
	same('nothing about what was not measured', '0 6', `${await page.locator('#quality').count()} ` +
		await page.locator('#targets th').count());
	check('a finding shows its border', await page.locator('.case .border').count() > 0);
	await finding.locator('summary').click();
	check('a finding folds', !await finding.evaluate(item => item.open));

	await page.locator('#path-list').scrollIntoViewIfNeeded();
	await page.locator('#path-list tbody button').first().click();
	check('a path of the list opens', await page.locator('#path-list .detail .hop').count() > 1);
	check('no wider than the screen', await overflow(page) <= 0, await overflow(page));
	await page.evaluate(() => scrollTo(0, 0));
	await shot(page, 'story-light');

	await page.emulateMedia({media: 'print'});
	await page.waitForTimeout(200);
	check('on paper all findings are open', await page.evaluate(() => [...document.querySelectorAll('.case')].every(c => c.open)));
	check('on paper there are no filters', !await page.locator('#target-filter').isVisible());
	await page.emulateMedia({media: 'screen'});
	check('back on the screen the finding is folded again', !await finding.evaluate(item => item.open));
	await page.emulateMedia({media: null});
	await page.pdf({path: join(shots, 'story.pdf'), format: 'A4', printBackground: false});
	same('no complaint of the browser', '', seen.complaints.join(' '));
	same('nothing is loaded', '', seen.requests.join(' '));
	await context.close();
};

const looks = async () => {
	for (const [name, options] of [['dark', {colorScheme: 'dark'}], ['phone', {viewport: {width: 390, height: 844}}]]) {
		const { context, page, seen } = await open(files.story, options);
		check(`${name}: no wider than the screen`, await overflow(page) <= 0, await overflow(page));
		same(`${name}: no complaint of the browser`, '', seen.complaints.join(' '));
		await shot(page, 'story-' + name);
		await context.close();
	}
};

const small = async () => {
	const { context, page, seen } = await open(files.lab, {viewport: {width: 390, height: 844}});
	check('lab on a phone: no wider than the screen', await overflow(page) <= 0, await overflow(page));
	same('lab on a phone: no complaint of the browser', '', seen.complaints.join(' '));
	await shot(page, 'lab-phone');
	await context.close();
};

const plain = async () => {
	const { context, page } = await open(files.story, {javaScriptEnabled: false});
	check('without scripts: the targets are listed', await rows(page) > 2);
	check('without scripts: findings are drawn and open', await page.locator('.case .hop').first().isVisible());
	check('without scripts: the flows are a table', await page.locator('#flow table tbody tr').count() > 2);
	check('without scripts: no empty diagram', !await page.locator('#sankey').isVisible());
	check('without scripts: it says what is missing', await page.locator('#paths noscript p').isVisible());
	await shot(page, 'story-plain');
	await context.close();
};

const large = async () => {
	const started = Date.now();
	const { context, page, seen } = await open(files.large);
	const timing = await page.evaluate(() => performance.getEntriesByType('navigation')[0].domComplete);
	console.log(`# ${await page.evaluate(() => JSON.parse(document.getElementById('data').textContent).paths.length)} paths: ` +
		`the page is complete after ${Math.round(timing)} ms (with the browser's start ${Date.now() - started} ms)`);
	check('large: the list is made in pieces', await rows(page) <= 100);
	await page.locator('#path-list').scrollIntoViewIfNeeded();
	await page.locator('#path-filter input').fill('host-00042');
	check('large: one path of many is found', (await page.locator('#path-filter output').innerText()).startsWith('1 of'));
	const column = async n => (await page.locator(`#targets tbody td:nth-child(${n})`).allInnerTexts()).map(parseFloat);
	const sortBy = name => page.locator('#targets thead').getByRole('button', {name, exact: true}).click();
	check('large: groups have the worst of their targets', await page.locator('#quality-groups tbody tr').count() === 6 &&
		/[1-9]\d*\.\d\d % host-\d+/.test(await page.locator('#quality-groups tbody').innerText()));
	await sortBy('Loss');
	const losses = await column(7);
	check('large: by loss, the most first', losses[0] > 0 && losses.every((x, i) => !i || losses[i - 1] >= x), losses.slice(0, 5));
	same('large: the heading says so', 'descending', await page.locator('#targets th').nth(6).getAttribute('aria-sort'));
	await sortBy('Loss');
	same('large: and the least first', '0', String((await column(7))[0]));
	await sortBy('Loss');
	same('large: and as they came', 'host-00000.0.example',
		await page.locator('#targets tbody td:nth-child(2)').first().innerText());
	await sortBy('Target');
	await sortBy('Target');
	same('large: by name, the last first', 'host-04999.1.example',
		await page.locator('#targets tbody td:nth-child(2)').first().innerText());
	await page.locator('#target-filter input').fill('host-0000');
	same('large: a filter keeps the order', 'host-00009.2.example',
		await page.locator('#targets tbody td:nth-child(2)').first().innerText());
	await page.locator('#path-list tbody button').first().click();
	check('large: a path says what was measured end to end',
		/of 10 probes answered/.test(await page.locator('#path-list .detail').innerText()));
	check('large: findings are bounded, and it says so', /more are among all paths/.test(await page.locator('#findings').innerText()));
	same('large: no complaint of the browser', '', seen.complaints.join(' '));
	await page.evaluate(() => scrollTo(0, 0));
	await shot(page, 'large', false);
	await page.locator('#quality').screenshot({path: join(shots, 'large-quality.png')});
	await page.locator('#flow').scrollIntoViewIfNeeded();
	await page.locator('#flow').screenshot({path: join(shots, 'large-flow.png')});
	await context.close();
};

const hostile = async () => {
	const { context, page, seen } = await open(files.hostile);
	same('hostile: no script of the data runs', 0, seen.dialogs);
	same('hostile: no element of the data exists', 0, await page.locator('img').count());
	same('hostile: no complaint of the browser', '', seen.complaints.join(' '));
	check('hostile: the name is shown', (await page.locator('#targets').innerText()).includes('</script><script>alert(1)'));
	check('hostile: escape codes are shown, not obeyed', (await page.locator('#targets').innerText()).includes('\\x1b[31m'));
	check('hostile: the diagram is drawn', await page.locator('#sankey svg path').count() > 0);
	await shot(page, 'hostile');
	await context.close();
};

// What an audit has written, not a made-up run.
const lab = async () => {
	const { context, page, seen } = await open(files.lab);
	check('lab: there is an answer', /of \d+ targets? stays? inside/.test(await page.locator('.answer').innerText()));
	check('lab: the diagram is drawn', await page.locator('#sankey svg path').count() > 2);
	check('lab: a finding is drawn to its border', await page.locator('.case .border').count() > 0);
	check('lab: what was measured end to end is there',
		/ of \d+ probes answered/.test(await page.locator('.case .facts').first().textContent()) &&
		await page.locator('#quality-groups tbody tr').count() > 0 && await page.locator('#targets th').count() === 9);
	check('lab: what came of the policy is there', /the control only a warning\s+violated/.test(
		await page.locator('#policy tbody').innerText()) && await page.locator('#policy .violations li').count() > 0);
	check('lab: every probe is accounted for', await page.locator('.identity.holds').count() === 1);
	same('lab: no complaint of the browser', '', seen.complaints.join(' '));
	same('lab: nothing is loaded', '', seen.requests.join(' '));
	await shot(page, 'lab');
	await context.close();
};

try {
	for (const part of [story, looks, small, plain, large, hostile, lab]) {
		try {
			await part();
		} catch (error) {
			check(`${part.name}: the browser could be driven`, false, error.message.split('\n').slice(0, 3).join(' '));
		}
	}
} finally {
	rmSync(profile, {recursive: true, force: true});
}
console.log('# end');
process.exit(failed ? 1 : 0);
