// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// How fast the dashboard is, in a browser at the program's own server: lines of cells with tabs between, the first one
// the heads. Asserts nothing.
//
// Usage: node bench.mjs MODULES BROWSER SHOTS URL; for the first three see drive.mjs.
import {finish, go, open} from './drive.mjs';

const url = process.argv[5];
const LOADS = 9;
const FRAMES = 240;

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
const row = (what, values) => {
	const sorted = [...values].sort((a, b) => a - b);
	console.log(
		[what, ...[at(sorted, 0.5), at(sorted, 0.95), sorted[sorted.length - 1]].map(ms => ms.toFixed(1))].join(
			'\t'
		)
	);
};

// When the first view was there, on the clock that paints are timed with.
const noteWhenShown = page =>
	page.addInitScript(() =>
		new MutationObserver(() => {
			const main = document.getElementById('main');
			if (main?.getAttribute('aria-busy') === 'false') globalThis.shown_ms ??= performance.now();
		}).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ['aria-busy']})
	);

const loads = async (context, is_cached) => {
	const paints = [],
		shown = [];
	for (let i = 0; i < LOADS; i++) {
		const page = await context.newPage();
		await noteWhenShown(page);
		if (!is_cached)
			await (
				await context.newCDPSession(page)
			).send('Network.setCacheDisabled', {cacheDisabled: true});
		await page.goto(url);
		await page.waitForFunction(
			() => globalThis.shown_ms && performance.getEntriesByName('first-contentful-paint').length
		);
		paints.push(
			await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime)
		);
		shown.push(await page.evaluate(() => globalThis.shown_ms));
		await page.close();
	}
	return {paints, shown};
};

// Time between frames while it scrolls, as far in a frame as somebody in a hurry would.
const scrolled = (page, step) =>
	page.evaluate(
		async ([n, by]) => {
			const took = [];
			let before = await new Promise(requestAnimationFrame);
			for (let i = 0; i < n; i++) {
				scrollBy(0, by);
				const now = await new Promise(requestAnimationFrame);
				took.push(now - before);
				before = now;
			}
			return took;
		},
		[FRAMES, step]
	);

try {
	const opened = await open({url}),
		{page, context} = opened;
	const first = await loads(context, false),
		again = await loads(context, true);
	console.log(['ms', 'median', '95 %', 'most'].join('\t'));
	row('first paint, nothing cached', first.paints);
	row('the board of 5,000 targets is there, nothing cached', first.shown);
	row('first paint, again', again.paints);
	row('the board is there, again', again.shown);
	await page.bringToFront();
	await go(page, '#/board?sort=name');
	row('a frame while the board scrolls, 120 px each', await scrolled(page, 120));
	await go(page, '#/board?sort=listed');
	row('a frame while it scrolls, 600 px each', await scrolled(page, 600));
	await go(page, '#/heat?runs=24');
	row('a frame while the heat map of 24 runs scrolls, 120 px each', await scrolled(page, 120));
	await context.close();
} catch (error) {
	console.log(error.stack);
} finally {
	finish();
}
