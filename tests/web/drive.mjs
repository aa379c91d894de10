// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A browser at the dashboard, and what its tests say: lines "ok - ", "not ok - ". Knows no view. What the program is
// given first are MODULES, which holds playwright-core, BROWSER and SHOTS, where screenshots go.
import {createRequire} from 'node:module';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';

const [modules, browser, shots] = process.argv.slice(2);
const {chromium} = createRequire(join(resolve(modules), 'x.js'))('playwright-core');
const flags = [
	'--headless',
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];
const profile = mkdtempSync(join(tmpdir(), 'coldpotato-web-'));
export const PHONE = {viewport: {width: 390, height: 844}};
export const DARK = {colorScheme: 'dark'};
export const LOOKS = {light: {}, dark: DARK, phone: PHONE, 'phone-dark': {...PHONE, ...DARK}};
let failed = 0;

export const check = (what, holds, detail = '') => {
	if (!holds) failed++;
	console.log(holds ? `ok - ${what}` : `not ok - ${what}: ${String(detail).replace(/\n/g, ' | ')}`);
};
export const same = (what, want, got) => check(what, want === got, `expected ${want}, got ${got}`);

// ---- a browser at a server ----

let n_contexts = 0;
export const open = async (server, hash = '', options = {}, failures_expected = false) => {
	const context = await chromium.launchPersistentContext(join(profile, String(n_contexts++)), {
		executablePath: browser,
		headless: true,
		args: flags,
		viewport: {width: 1360, height: 900},
		...options,
	});
	const page = await context.newPage();
	const seen = {complaints: [], foreign: [], dialogs: 0};
	page.on(
		'console',
		message =>
			['error', 'warning'].includes(message.type()) &&
			!(failures_expected && /Failed to load resource/.test(message.text())) &&
			seen.complaints.push(message.text())
	);
	page.on('pageerror', error => seen.complaints.push(error.message));
	page.on('request', request => request.url().startsWith(server.url) || seen.foreign.push(request.url()));
	page.on('dialog', dialog => {
		seen.dialogs++;
		dialog.dismiss();
	});
	await page.goto(server.url + hash);
	await settled(page);
	return {context, page, seen};
};
// Until the view is there.
export const settled = async (page, view) => {
	await page.waitForFunction(
		name =>
			document.getElementById('main').getAttribute('aria-busy') === 'false' &&
			(!name || document.getElementById('main').dataset.view === name),
		view,
		{timeout: 15000}
	);
	await page.waitForTimeout(120);
};
export const go = async (page, hash) => {
	await page.evaluate(to => (location.hash = to), hash);
	await settled(page, hash.match(/^#\/(\w+)/)[1]);
};
export const end = async ({context, seen}, what) => {
	same(`${what}: no complaint of the browser`, '', seen.complaints.join(' '));
	same(`${what}: nothing foreign is asked for`, '', seen.foreign.join(' '));
	same(`${what}: no script of the data runs`, 0, seen.dialogs);
	await context.close();
};
export const overflow = page =>
	page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
// Text that is hard to read: with less than 4.5 to 1 of contrast (WCAG 2.1, 1.4.3) to what is behind it. On pictures (but
// for boxes, which have a face) it is not known what is behind.
export const faint = page =>
	page.evaluate(() => {
		const channels = color => color.match(/[\d.]+/g).map(Number);
		const luminance = color => {
			const [r, g, b] = channels(color)
				.slice(0, 3)
				.map(value => value / 255)
				.map(value => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
			return 0.2126 * r + 0.7152 * g + 0.0722 * b;
		};
		const isSeen = color => (channels(color)[3] ?? 1) > 0;
		const behind = node => {
			const face = node.closest('.box')?.querySelector('.face');
			if (face && getComputedStyle(face).fill !== 'none') return getComputedStyle(face).fill;
			for (let at = node; at; at = at.parentElement) {
				const {backgroundColor} = getComputedStyle(at);
				if (isSeen(backgroundColor)) return backgroundColor;
			}
			return 'rgb(255, 255, 255)';
		};
		const found = new Set();
		const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		while (walk.nextNode()) {
			const node = walk.currentNode.parentElement;
			const text = walk.currentNode.textContent.trim();
			if (
				!text ||
				node.closest('title, option, script, .sankey svg') ||
				!node.getClientRects().length
			)
				continue;
			const style = getComputedStyle(node),
				in_picture = node instanceof SVGElement;
			const [a, b] = [
				luminance(in_picture ? style.fill : style.color),
				luminance(behind(node)),
			].sort();
			const ratio = (b + 0.05) / (a + 0.05);
			if (ratio < 4.5 || Number(style.opacity) < 1)
				found.add(
					`${node.tagName.toLowerCase()}.${node.getAttribute('class') ?? ''} "${text.slice(0, 20)}" ${ratio.toFixed(2)}`
				);
		}
		return [...found];
	});
export const shot = (page, name, fullPage = false) =>
	page.screenshot({path: join(shots, `dashboard-${name}.png`), fullPage});
export const names = page => page.locator('.rows-body .c-name a').allInnerTexts();
export const matched = async page =>
	Number((await page.locator('.filter output').innerText()).replace(/,/g, '').match(/^\d+/)[0]);
export const focused = page => page.evaluate(() => document.activeElement?.textContent ?? '');
export const hashOf = page => page.evaluate(() => location.hash);

// A target of the mock that has a verdict, and how many flows.
export const someTarget = async (server, verdict, n_paths) =>
	(
		await (await fetch(`${server.url}api/v1/runs/latest/targets?limit=5000&verdict=${verdict}`)).json()
	).items.find(target => target.n_paths === n_paths);
export const targetHash = ({name, port, protocol}) => '#/target?' + new URLSearchParams({name, port, protocol});

// The end of it all.
export const finish = () => {
	rmSync(profile, {recursive: true, force: true});
	console.log('# end');
	process.exit(failed ? 1 : 0);
};
