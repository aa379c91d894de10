// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What each view of the dashboard must show and do, over the made-up runs of mock_world.mjs.
import {
	check,
	end,
	go,
	hashOf,
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

export const board = async server => {
	const opened = await open(server),
		{page} = opened;
	const paint = await page.evaluate(
		() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null
	);
	const loaded = await page.evaluate(() =>
		performance
			.getEntriesByType('resource')
			.reduce(
				(sum, entry) => sum + entry.decodedBodySize * Number(entry.name.includes('/assets/')),
				0
			)
	);
	console.log(`# first paint after ${Math.round(paint)} ms, ${Math.round(loaded / 1024)} KiB of assets`);
	check('board: what is drawn with comes only when it is needed', loaded < 200000 && loaded > 20000, loaded);
	check(
		'board: the answer is said',
		/of 5,000 targets stay inside/.test(await page.locator('.answer').innerText())
	);
	same('board: all groups are there', 9, await page.locator('.board tbody tr').count());
	same('board: all targets are counted', 5000, await matched(page));
	check('board: few of them are elements', (await page.locator('.rows-body .row').count()) < 80);
	check('board: no wider than the screen', (await overflow(page)) <= 0, await overflow(page));
	await shot(page, 'board-light');

	await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
	await page.waitForTimeout(100);
	check(
		'board: the last target is reached by scrolling',
		(await names(page)).length > 5 &&
			(await page.locator('.rows-body .row[aria-rowindex="5001"]').count()) === 1
	);
	const frames = await page.evaluate(async () => {
		const took = [];
		for (let i = 0, before = performance.now(); i < 60; i++) {
			scrollTo(0, i * 1700);
			await new Promise(requestAnimationFrame);
			took.push(performance.now() - before);
			before = performance.now();
		}
		return took.sort((a, b) => a - b)[30];
	});
	console.log(`# scrolling 5,000 targets: ${frames.toFixed(1)} ms a frame (median)`);

	await page.locator('#main [data-search]').fill('0042');
	await page.waitForTimeout(200);
	same('board: the search finds what it names', 1, await matched(page));
	await page.locator('#main [data-search]').fill('');
	await page.locator('.chip.v4').click();
	await page.waitForTimeout(200);
	const detours = await page.locator('.rows-body .pill').allInnerTexts();
	check(
		'board: a verdict filters',
		detours.length > 5 && detours.every(text => text === 'detour'),
		detours.slice(0, 5)
	);
	await page.locator('.board tbody button').nth(1).click();
	const left = await matched(page);
	await page.reload();
	await settled(page, 'board');
	same('board: a reload keeps the filters', left, await matched(page));
	check(
		'board: the filters are in the address',
		/verdict=detour/.test(await hashOf(page)) && /group=/.test(await hashOf(page)),
		await hashOf(page)
	);
	const json = await page.locator('#json').getAttribute('href');
	same('board: its JSON is JSON', 200, await page.evaluate(async url => (await fetch(url)).status, json));
	await page.locator('#run').selectOption({index: 5});
	await settled(page, 'board');
	check('board: another run has its permalink', /run=\d+/.test(await hashOf(page)), await hashOf(page));
	check('board: and says which it is', /^Run of/.test(await page.locator('.title .note').innerText()));
	await end(opened, 'board');
};

export const flow = async server => {
	const opened = await open(server, '#/flow'),
		{page} = opened;
	await page.waitForSelector('.sankey svg path');
	check('flow: the diagram names networks', /AS3491 PCCW/.test(await page.locator('.sankey svg').textContent()));
	check('flow: and what stays inside', /stays inside/.test(await page.locator('.sankey svg').textContent()));
	same('flow: a bar a run', 48, await page.locator('.run-bars a').count());
	check(
		'flow: the legend has shares',
		/stays inside\s*\d+\.\d %/.test(
			(await page.locator('.over-time + .legend').innerText()).replace(/\n/g, ' ')
		)
	);
	check('flow: the numbers are in a table', (await page.locator('table tbody tr').count()) > 15);
	check('flow: no wider than the screen', (await overflow(page)) <= 0, await overflow(page));
	await shot(page, 'flow-light', true);
	await page.locator('.sankey svg text', {hasText: 'AS3491'}).click();
	await settled(page, 'as');
	check('flow: a network of the diagram opens', /AS3491/.test(await page.locator('h1').innerText()));
	await page.goBack();
	await settled(page, 'flow');
	await page.locator('.run-bars a').nth(3).click();
	await page.waitForFunction(() => /run=\d+/.test(location.hash));
	await settled(page, 'flow');
	check('flow: a bar leads to its run', /^Run of/.test(await page.locator('.title .note').innerText()));
	await end(opened, 'flow');
};

export const target = async server => {
	const one = await someTarget(server, 'transit', 3);
	const opened = await open(server, targetHash(one)),
		{page} = opened;
	const n_closed = await page.locator('.graph .box').count();
	check('target: the graph is drawn', n_closed >= 4, n_closed);
	check('target: silence is drawn as silence', (await page.locator('.graph .box.silent').count()) > 0);
	check('target: where it leaves home is said', /leaves/.test(await page.locator('.graph').textContent()));
	check(
		'target: lines have the colour of their latency',
		(await page.locator('.graph .line.l0, .graph .line.l1').count()) > 0
	);
	await shot(page, 'target-closed', true);
	await page.locator('.graph .box[role="button"]').nth(1).click();
	const n_open = await page.locator('.graph .box').count();
	check('target: an AS opens to its hops', n_open > n_closed, `${n_open} of ${n_closed}`);
	await page.reload();
	await settled(page, 'target');
	same('target: a reload keeps it open', n_open, await page.locator('.graph .box').count());
	await page.getByRole('button', {name: 'Open all'}).click();
	check('target: all open', (await page.locator('.graph .box').count()) > n_open);
	await shot(page, 'target-open', true);
	// Each line is between two hops that one flow has seen in a row.
	same(
		'target: a path opens hop by hop',
		true,
		(await page.locator('details.path[open] table.hops tbody tr').count()) > 5
	);
	same('target: as many paths as flows', 3, await page.locator('details.path').count());
	await page.locator('details.path summary').nth(2).click();
	await page.locator('details.path').nth(2).locator('tbody tr').first().waitFor();
	check(
		'target: another opens, too',
		(await page.locator('details.path').nth(2).locator('tbody tr').count()) > 5
	);
	await page.getByRole('button', {name: 'Close all'}).click();
	same('target: and all close', n_closed, await page.locator('.graph .box').count());
	await page.locator('.graph .box[role="button"]').nth(1).focus();
	await page.keyboard.press('Enter');
	check(
		'target: Enter opens an AS and leaves the focus there',
		(await page.locator('.graph .box').count()) > n_closed &&
			(await page.evaluate(() => document.activeElement.closest('.graph') !== null))
	);
	await page.keyboard.press('Escape');

	const latest = await page.locator('.when').innerText();
	check('target: the slider is at the latest run', /latest/.test(latest), latest);
	await page.locator('.slide input').fill('2');
	await page.waitForFunction(() => /run=\d+/.test(location.hash));
	check('target: it goes to an earlier run', !/latest/.test(await page.locator('.when').innerText()));
	const before = await page.locator('.when').innerText();
	await page.keyboard.press('Escape');
	await page.keyboard.press('ArrowLeft');
	await page.waitForTimeout(300);
	check('target: so do the arrows', (await page.locator('.when').innerText()) !== before);
	const then = await page.locator('.graph').textContent();
	await page.reload();
	await settled(page, 'target');
	same('target: a reload shows the same earlier path', then, await page.locator('.graph').textContent());
	check('target: no wider than the screen', (await overflow(page)) <= 0, await overflow(page));
	const none = (await (await fetch(`${server.url}api/v1/runs/latest/targets?limit=5000`)).json()).items.find(
		item => item.verdict === null
	);
	await go(page, targetHash(none));
	check(
		'target: without a path it says why',
		/Nothing was probed: dns_nxdomain/.test(await page.locator('main').innerText())
	);
	await page.evaluate(() => (location.hash = '#/target?name=nobody.example&port=443&protocol=tcp'));
	await page.waitForSelector('.failure');
	check(
		'target: one that is not there is said',
		/nobody\.example is in no run/.test(await page.locator('.failure').innerText())
	);
	await end(opened, 'target');
};

// The graph's own rules, in the browser's copy of pathgraph.js.
export const graph = async server => {
	const opened = await open(server),
		{page} = opened;
	const found = await page.evaluate(async () => {
		const {layOut} = await import('/assets/pathgraph.js');
		const hop = (ttl, ip, asn) => ({
			ttl,
			ip,
			asn,
			as_name: null,
			ixp: null,
			rtt_us: ip ? 1000 * ttl : null,
		});
		const path = (flow, hops, dest_ip = '203.0.113.9') => ({
			flow,
			dest_ip,
			reached: false,
			hops: hops.map(([ip, asn], i) => hop(i + 1, ip, asn)),
		});
		const lay = (paths, ...open) => layOut(paths, new Set(open), new Set([1]));
		const lines = laid =>
			laid.lines.map(line => line.way[0].box.id + ' > ' + line.way[line.way.length - 1].box.id);
		const a = ['198.18.0.1', 1],
			b = ['198.18.0.2', 2],
			c = ['198.18.0.3', 3],
			d = ['198.18.0.4', 4],
			none = [null, null];
		const crossed = lay([path(0, [a, b, d]), path(1, [a, c, d])]);
		const silent = lay([path(0, [a, none, b]), path(1, [a, none, b]), path(2, [a, none, c])]);
		const within = lay([path(0, [a, none, ['198.18.0.9', 1], b])]);
		const opposite = lay([path(0, [a, b, c]), path(1, [a, c, b])]);
		const loop = lay([path(0, [a, b, a, b, a, b])]);
		const hops = [
			['198.18.0.1', 1],
			['198.18.0.5', 1],
		];
		const apart = lay([path(0, [...hops, b]), path(1, [hops[1], hops[0], b])], 'as 1 #1');
		const many = Array.from({length: 200}, (_, n) =>
			path(
				n,
				Array.from({length: 30}, (__, i) =>
					(n * 7 + i * 3) % 5 ? [`198.18.${i}.${n % 9}`, i % 11] : none
				),
				`203.0.113.${n % 20}`
			)
		);
		const began = performance.now();
		const large = lay(many);
		const overlaps = large.places.some(x =>
			large.places.some(y => x !== y && x.layer === y.layer && Math.abs(x.at - y.at) < 0.99)
		);
		const behind = [crossed, silent, opposite, loop, apart, large].every(laid =>
			laid.lines.every(line =>
				line.way.every((place, i) => !i || place.layer === line.way[i - 1].layer + 1)
			)
		);
		return {
			crossed: lines(crossed),
			n_silent: silent.places.filter(place => place.box.kind === 'silent').length,
			within: within.places.map(place => place.box.kind).join(' '),
			opposite: opposite.places.length,
			loop: loop.places.length,
			apart: apart.places.length,
			overlaps,
			behind,
			took: performance.now() - began,
			hides: silent.places.filter(place => place.box.hides_exit).length,
		};
	});
	check(
		'graph: no line between what no flow saw one after the other',
		!found.crossed.includes('as 2 #1 > as 3 #1') &&
			found.crossed.includes('as 1 #1 > as 2 #1') &&
			found.crossed.length === 6,
		found.crossed
	);
	same('graph: silence of two flows is one only between the same neighbours', 2, found.n_silent);
	same('graph: silence next to the border hides the exit', 2, found.hides);
	same('graph: silence within a network belongs to it', 'host home foreign end', found.within);
	same('graph: opposite orders make no circle', 6, found.opposite);
	same('graph: a loop is drawn as it was met', 8, found.loop);
	same('graph: nor do opened hops in opposite order', 6, found.apart);
	check('graph: lines lead forward, layer by layer', found.behind);
	check('graph: boxes do not overlap', !found.overlaps);
	console.log(`# the graph of 200 paths of 30 hops: ${Math.round(found.took)} ms`);
	await end(opened, 'graph');
};

export const heat = async server => {
	const opened = await open(server, '#/heat'),
		{page} = opened;
	check('heat: rows with colours', (await page.locator('.rows-body .strip rect').count()) > 40);
	same('heat: all targets are counted', 5000, await matched(page));
	await shot(page, 'heat-light');
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('ArrowLeft');
	const said = await page.locator('.pointed').innerText();
	check(
		'heat: the keyboard points at a run',
		/ at \d\d:\d\d: |: (inside|direct|undecided|transit|detour|not measured)$/.test(said),
		said
	);
	await page.keyboard.press('Enter');
	await settled(page, 'target');
	check('heat: and opens the target as it was then', /run=\d+/.test(await hashOf(page)), await hashOf(page));
	await page.goBack();
	await settled(page, 'heat');
	await page
		.locator('.rows-body .strip')
		.nth(4)
		.click({position: {x: 30, y: 6}});
	await settled(page, 'target');
	check('heat: so does a click', /run=\d+/.test(await hashOf(page)), await hashOf(page));
	await go(page, '#/heat?runs=24&sort=worst');
	check('heat: fewer runs', /^24 runs/.test(await page.locator('.title .note').innerText()));
	await end(opened, 'heat');
};

export const changes = async server => {
	const opened = await open(server, '#/changes'),
		{page} = opened;
	const n = await matched(page);
	check('changes: there are some', n > 50, n);
	await page.getByLabel('Kind').selectOption('exit-as-new');
	await page.waitForTimeout(150);
	check(
		'changes: a kind filters',
		(await matched(page)) < n && /AS\d+/.test(await page.locator('.rows-body .c-path').first().innerText())
	);
	await page.reload();
	await settled(page, 'changes');
	same('changes: a reload keeps it', 'exit-as-new', await page.getByLabel('Kind').inputValue());
	await page.getByLabel('Kind').selectOption('');
	await page.waitForTimeout(150);
	await shot(page, 'changes-light');
	const change = {
		seq: 99999,
		at_ms: Date.now(),
		run: server.world.runs[47],
		audit: 'm365',
		target: server.world.targets[7].name,
		port: 443,
		protocol: server.world.targets[7].protocol,
		group: 'm365',
		kind: 'verdict',
		old: 'inside',
		new: 'detour',
		first_seen_ms: Date.now(),
		last_seen_ms: Date.now(),
		severity: 'critical',
		muted: false,
	};
	server.addChange(change);
	await page.waitForSelector('.fresh');
	same(
		'changes: a new one appears by itself',
		server.world.targets[7].name + ':443',
		(await names(page))[0].replace('/udp', '')
	);
	server.addChange({...change, at_ms: change.at_ms + 1, state: 'recovered', severity: 'critical'});
	await page.waitForFunction(() => document.querySelectorAll('.fresh').length === 2);
	const ended = await page.locator('.rows-body .row').first().innerText();
	check(
		'changes: what has recovered is no alarm',
		/✓/.test(ended) && /recovered/.test(ended) && !/critical/.test(ended),
		ended
	);
	await page.locator('#main [data-search]').fill('recovered');
	await page.waitForTimeout(200);
	same('changes: and can be searched for', 1, await matched(page));
	await page.locator('.rows-body .c-name a').first().click();
	await settled(page, 'target');
	server.emit('change', change);
	await page.waitForFunction(() => document.getElementById('unseen').textContent === '1');
	check('changes: elsewhere they are counted', true);
	await end(opened, 'changes');
};

export const others = async server => {
	const opened = await open(server, '#/as?asn=2914'),
		{page} = opened;
	check(
		'as: who hands over to it',
		/Handed over to it by/.test(await page.locator('main').innerText()) &&
			(await page.locator('.pair table').count()) === 3
	);
	same('as: a bar a run', server.world.runs.length, await page.locator('.run-bars a').count());
	check('as: its targets', (await page.locator('.rows-body .row').count()) > 5);
	await shot(page, 'as-light');
	await go(page, '#/compare');
	check(
		'compare: what differs is counted',
		/of 5,000 targets? differ/.test(await page.locator('.answer').innerText())
	);
	const [a, b] = [server.world.runs[10], server.world.runs[46]];
	await go(page, `#/compare?a=${a}&b=${b}`);
	await page.waitForTimeout(300);
	check('compare: exits of both', (await page.locator('table tbody tr').count()) > 4);
	check('compare: verdicts of both', (await page.locator('.rows-body .pill').count()) > 10);
	await shot(page, 'compare-light');
	await page.reload();
	await settled(page, 'compare');
	same('compare: a reload keeps the two', JSON.stringify([a, null]), await page.getByLabel('Run A').inputValue());
	await go(page, '#/run');
	check(
		'run: settings, accounting, warnings',
		/the AS data is 3 days old/.test(await page.locator('main').innerText()) &&
			/attempted/.test(await page.locator('main').innerText())
	);
	same(
		'run: unknown is not zero',
		'–',
		await page.locator('.counters tr:has-text("late") td').nth(1).innerText()
	);
	await shot(page, 'run-light');
	await page.evaluate(() => (location.hash = '#/nonsense'));
	await page.waitForSelector('.failure');
	check(
		'others: a view that is not there is said',
		/no view "nonsense"/.test(await page.locator('.failure').innerText())
	);
	await end(opened, 'others');
};
