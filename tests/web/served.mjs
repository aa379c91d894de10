// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The dashboard of the program itself, over a store of real audits: every view shows what was measured.
//
// Usage: node served.mjs MODULES BROWSER SHOTS URL; for all but the last see drive.mjs. The store holds an audit of the
// story lab from the cold vantage, and after it one from the hot vantage.
import {check, end, finish, go, open, same, settled, shot, targetHash} from './drive.mjs';

const server = {url: process.argv[5]};
const zenn = targetHash({name: 'zenn.dev', port: 443, protocol: 'tcp'});
const text = page => page.locator('#main').innerText();

try {
	const opened = await open(server),
		{page} = opened;
	check('served: the answer is said', /8 of 11 targets stay inside/.test(await page.locator('.answer').innerText()));
	check('served: the worst come first', /zenn\.dev|www\.(microsoft|xbox)\.com/.test(
		await page.locator('.rows-body .c-name a').first().innerText()
	));
	await shot(page, 'served', true);

	await go(page, zenn);
	check('served: the target left through PCCW', /AS3491/.test(await text(page)));
	check('served: hops are there', /198\.18\.96\.3/.test(await text(page)));
	await page.reload();
	await settled(page, 'target');
	check('served: a permalink survives', /AS3491/.test(await text(page)));

	await go(page, '#/flow');
	check('served: the flow is drawn', (await page.locator('#main svg').count()) > 0);
	await go(page, '#/heat');
	check('served: the heat map has its targets', /zenn\.dev/.test(await text(page)));
	await go(page, '#/compare');
	check('served: two runs can be compared', /zenn\.dev/.test(await text(page)), await text(page));
	await go(page, '#/changes');
	await go(page, '#/run');
	check('served: the run says where it began', /8075/.test(await text(page)));
	same('served: the API of the page answers', 200, (await page.request.get(`${server.url}api/v1/runs`)).status());
	await end(opened, 'served');
} catch (error) {
	check('served: the browser could be driven', false, error.stack.split('\n').slice(0, 6).join(' '));
} finally {
	finish();
}
