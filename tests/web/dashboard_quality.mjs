// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// End-to-end quality in the dashboard, over the made-up runs of mock_world.mjs: where it was measured and where not, what
// stands out, its order, its history, by mouse and by keyboard; on screens of each width.
import {
	LOOKS,
	check,
	end,
	faint,
	go,
	hashOf,
	matched,
	open,
	overflow,
	same,
	settled,
	shot,
	targetHash,
} from './drive.mjs';
import {E2E_FROM} from './mock_world.mjs';

const rowsOf = async (server, run = 'latest') =>
	(await (await fetch(`${server.url}api/v1/runs/${run}/targets?limit=5000`)).json()).items;
const lost = text => (text === '–' ? -1 : Number(text.replace(/[^\d.]/g, '')));
const heads = page => page.locator('.row.head > span').allInnerTexts();
const losses = page => page.locator('.rows-body .c-loss').allInnerTexts();
const firstRow = page => page.locator('.rows-body .row').first();

// One that was lossy for a while: not in the latest run alone.
const lossyTarget = async server =>
	(await rowsOf(server)).find(
		one => one.e2e && one.e2e.loss_pct >= 10 && one.e2e.loss_pct < 100 && one.n_paths > 1
	);

export const quality_board = async server => {
	const opened = await open(server),
		{page} = opened;
	same(
		'quality: the board has its columns',
		'E2E loss E2E RTT Jitter',
		(await heads(page)).slice(6, 9).join(' ')
	);
	const rows = await rowsOf(server);
	const measured = rows.filter(one => one.e2e),
		lossy = measured.filter(one => one.e2e.loss_pct > 0),
		high = measured.filter(one => one.e2e.loss_pct >= 5);
	const number = n => n.toLocaleString('en-US');
	same(
		'quality: and says how the measured ones fare',
		`End to end, ${number(measured.length)} of 5,000 targets measured: ${lossy.length} lost probes, ${high.length} of them 5 % or more.`,
		await page.locator('.quality-line').innerText()
	);
	await page.getByLabel('Order').selectOption('loss');
	await page.waitForTimeout(150);
	const shown = (await losses(page)).map(lost);
	same('quality: most loss first', 100, shown[0]);
	check(
		'quality: in that order',
		shown.every((value, i) => !i || value <= shown[i - 1]),
		shown
	);
	const mark = await firstRow(page)
		.locator('.lost.high')
		.evaluate(node => [
			getComputedStyle(node, '::before').content,
			getComputedStyle(node).fontWeight,
			node.title,
		]);
	check('quality: what is high has a mark, not a colour alone', /▲/.test(mark[0]) && Number(mark[1]) > 600, mark);
	check('quality: and says why', /5 % or more/.test(mark[2]), mark[2]);
	same('quality: who lost all has no RTT', '–', await firstRow(page).locator('.c-median').innerText());
	check('quality: the order is in the address', /sort=loss/.test(await hashOf(page)), await hashOf(page));
	await shot(page, 'quality-board');
	await page.reload();
	await settled(page, 'board');
	same(
		'quality: a reload keeps it',
		shown.slice(0, 20).join(' '),
		(await losses(page)).map(lost).slice(0, 20).join(' ')
	);
	await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
	await page.waitForTimeout(150);
	same('quality: what was not measured comes last', '–', (await losses(page)).pop());
	await page.evaluate(() => scrollTo(0, 0));
	await page.getByLabel('Order').selectOption('jitter');
	await page.waitForTimeout(150);
	const jitter = await firstRow(page).locator('.c-jitter').innerText();
	check('quality: most jitter first', /ms$/.test(jitter), jitter);
	for (const run of [server.world.runs[0], server.world.runs[E2E_FROM - 1]]) {
		await go(page, `#/board?run=${run}&sort=loss`);
		same(
			'quality: a run without it has no such column',
			0,
			await page.locator('.c-loss, .c-median, .c-jitter').count()
		);
		same('quality: nor such an order', 'worst', await page.getByLabel('Order').inputValue());
		same('quality: nor says anything of it', 0, await page.locator('.quality-line').count());
	}
	same('quality: all targets are there', 5000, await matched(page));
	await end(opened, 'quality: board');
};

export const quality_target = async server => {
	const one = await lossyTarget(server);
	const opened = await open(server, targetHash(one)),
		{page} = opened;
	const block = async () => (await page.locator('.quality').innerText()).replace(/\s+/g, ' ');
	const slider = page.locator('.slide input');
	same('quality: one block a destination', 1, await page.locator('.quality .measures').count());
	check('quality: with what was answered', (await block()).includes(`${one.e2e.received} of 50`), await block());
	same('quality: and lost', one.e2e.loss_pct, lost(await page.locator('.quality .lost.high').innerText()));
	same('quality: it is not among the hops', 0, await page.locator('.path .quality, .hops .lost').count());
	for (const name of ['Answered', 'Lost', 'Jitter', 'RTT least', 'median', '95 %', '99 %', 'most'])
		check(`quality: the block says ${name}`, (await block()).includes(name), await block());

	const n = server.world.runs.length;
	same('quality: a place a run in both charts', 2 * n, await page.locator('.levels .hit').count());
	same('quality: what was measured has a floor', n - E2E_FROM, await page.locator('.levels .floor').count());
	check(
		'quality: where it was much there are bars of another kind',
		(await page.locator('.bar-lost.high').count()) > 0
	);
	for (const chart of await page.locator('.levels').all())
		check(
			'quality: a chart says in words what it shows',
			/(RTT|Loss) end to end over 48 runs: .*\d/.test(await chart.getAttribute('aria-label')),
			await chart.getAttribute('aria-label')
		);
	check(
		'quality: the slider says it, too',
		/end to end \d+ of 50 answered/.test(await slider.getAttribute('aria-valuetext'))
	);
	const places = () => page.locator('.levels .now').evaluateAll(all => all.map(node => node.x.baseVal.value));
	const pointsAt = async i => (await places()).every(x => Math.abs(x - (1000 * i) / n) < 1);
	check('quality: the charts show where the slider is', await pointsAt(n - 1), await places());
	const said = page.locator('.said');
	const latest = await said.innerText();
	await slider.focus();
	await page.keyboard.press('ArrowLeft');
	await page.waitForFunction(was => document.querySelector('.said').textContent !== was, latest);
	await page.waitForFunction(() => /run=\d+/.test(location.hash));
	check('quality: and follow it', await pointsAt(n - 2), await places());
	await page.keyboard.press('Home');
	await page.waitForFunction(() => document.querySelector('.said').textContent === 'not measured');
	await page.waitForFunction(() =>
		/Not measured in this run/.test(document.querySelector('.quality').textContent)
	);
	same(
		'quality: a run without it has no numbers, and says so',
		0,
		await page.locator('.quality .measures').count()
	);
	await shot(page, 'quality-not-measured', true);

	await page.locator('.history .numbers summary').click();
	const lines = page.locator('.by-run tbody tr');
	await lines.first().waitFor();
	same('quality: all of it is in a table', n, await lines.count());
	check('quality: the oldest was not measured', /not measured/.test(await lines.last().innerText()));
	check('quality: the newest was', (await lines.first().innerText()).includes(`${one.e2e.received} of 50`));
	await lines.nth(3).locator('button').focus();
	await page.keyboard.press('Enter');
	await page.waitForFunction(run => location.hash.includes(`run=${run}`), String(server.world.runs[n - 4]));
	same('quality: a line of it leads to its run', String(n - 4), await slider.inputValue());
	const then = await block();
	await page.reload();
	await settled(page, 'target');
	same('quality: a reload shows the same', then, await block());
	const hit = await page.locator('.levels .hit').nth(20).boundingBox();
	await page.mouse.click(hit.x + hit.width / 2, hit.y + hit.height / 2);
	await page.waitForFunction(run => location.hash.includes(`run=${run}`), String(server.world.runs[20]));
	same('quality: a click in a chart does so, too', '20', await slider.inputValue());
	check('quality: no wider than the screen', (await overflow(page)) <= 0, await overflow(page));
	await end(opened, 'quality: target');
};

export const quality_elsewhere = async server => {
	const [before, first, last] = [E2E_FROM - 1, E2E_FROM, server.world.runs.length - 1].map(
		r => server.world.runs[r]
	);
	const opened = await open(server, `#/compare?a=${first}&b=${last}`),
		{page} = opened;
	check(
		'quality: compare has columns of both',
		(await heads(page)).join(' ').endsWith('E2E loss E2E RTT'),
		await heads(page)
	);
	check(
		'quality: and says how much was lost',
		/End to end, A lost [\d.]+ % of [\d,]+ probes; B lost [\d.]+ % of [\d,]+ probes\./.test(
			await page.locator('.quality-line').innerText()
		),
		await page.locator('.quality-line').innerText()
	);
	await page.getByLabel('Which').selectOption('loss');
	await page.waitForTimeout(150);
	const more = (await page.locator('.rows-body .c-losses').allInnerTexts()).map(text =>
		text.split('→').map(lost)
	);
	check(
		'quality: only what loses more',
		more.length > 3 && more.every(([a, b]) => b - a >= 5),
		JSON.stringify(more)
	);
	check(
		'quality: the most first',
		more.every(([a, b], i) => !i || b - a <= more[i - 1][1] - more[i - 1][0])
	);
	await shot(page, 'quality-compare');
	await page.reload();
	await settled(page, 'compare');
	same('quality: a reload keeps that', 'loss', await page.getByLabel('Which').inputValue());
	await go(page, `#/compare?a=${before}&b=${last}&mode=all`);
	check(
		'quality: one side alone',
		/A was not measured; B lost/.test(await page.locator('.quality-line').innerText())
	);
	check('quality: its unknown is unknown', /^– → /.test(await firstRow(page).locator('.c-losses').innerText()));
	await go(page, `#/compare?a=${server.world.runs[0]}&b=${before}&mode=loss`);
	same('quality: neither: no column', 0, await page.locator('.c-losses, .c-medians, .quality-line').count());
	same('quality: nor that choice', 'changed', await page.getByLabel('Which').inputValue());

	const change = {
		audit: 'm365',
		run: last,
		target: server.world.targets[7].name,
		port: 443,
		protocol: 'tcp',
		first_seen_ms: last,
		last_seen_ms: last,
		severity: 'warning',
		muted: false,
	};
	await go(page, '#/changes');
	const told = async (seq, kind, old, now) => {
		server.addChange({...change, seq, at_ms: Date.now() + seq, kind, old, new: now});
		await page.waitForFunction(n => document.querySelectorAll('.fresh').length === n, seq);
		return (await firstRow(page).locator('.c-path').innerText()).replace(/\s+/g, ' ');
	};
	same(
		'quality: a change of RTT',
		'12.3 ms → 18.0 ms, 5.66 ms slower',
		await told(1, 'rtt', '12.345 ms', '18.001 ms')
	);
	same(
		'quality: for the better',
		'1200 ms → 80 µs, 1200 ms faster',
		await told(2, 'rtt', '1200.000 ms', '0.080 ms')
	);
	same('quality: a change of loss', '0 % → 20 %, 20 points more', await told(3, 'loss', '0.0 %', '20.0 %'));
	same('quality: and its end', '20 % → 0.5 %, 19.5 points less', await told(4, 'loss', '20.0 %', '0.5 %'));
	same(
		'quality: another text is shown as it is',
		'much → <b>20 %</b>',
		await told(5, 'loss', 'much', '<b>20 %</b>')
	);
	await shot(page, 'quality-changes');
	await end(opened, 'quality: elsewhere');
};

export const quality_looks = async server => {
	const runs = server.world.runs,
		one = await lossyTarget(server);
	const views = {
		board: '#/board?sort=loss',
		target: targetHash(one),
		compare: `#/compare?a=${runs[E2E_FROM]}&b=${runs[runs.length - 1]}&mode=loss`,
	};
	const widths = [360, 500, 700, 930, 1010, 1100, 1260, 1920];
	for (const [look, options] of Object.entries(LOOKS)) {
		const opened = await open(server, '', options),
			{page} = opened;
		for (const [name, hash] of Object.entries(views)) {
			await go(page, hash);
			if (name === 'target') await page.locator('.history .numbers summary').click();
			await page.waitForTimeout(100);
			const over = await overflow(page);
			check(`quality: ${name}, ${look}: no wider than the screen`, over <= 0, over);
			const hard = await faint(page);
			same(`quality: ${name}, ${look}: all text can be read`, '', hard.slice(0, 5).join('; '));
			await shot(page, `quality-${name}-${look}`, name === 'target');
			await page.evaluate(() => document.querySelector('.filter')?.scrollIntoView());
			await page.waitForTimeout(80);
			await shot(page, `quality-${name}-${look}-list`);
			for (const width of look === 'light' ? widths : []) {
				await page.setViewportSize({width, height: 900});
				await page.waitForTimeout(80);
				check(
					`quality: ${name}, ${width} px: no wider than the screen`,
					(await overflow(page)) <= 0,
					await overflow(page)
				);
				const cut = await page
					.locator('.rows-body .row > .num')
					.evaluateAll(cells =>
						cells
							.filter(cell => cell.scrollWidth > cell.clientWidth + 1)
							.map(cell => cell.textContent)
					);
				same(`quality: ${name}, ${width} px: no number is cut`, '', cut.slice(0, 3).join('; '));
			}
			await page.setViewportSize(options.viewport ?? {width: 1360, height: 900});
		}
		await end(opened, `quality: ${look}`);
	}
};
