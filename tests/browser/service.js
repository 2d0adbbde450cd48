/** Access to the service without the page: other users' requests, the rows, the stack's parts. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const { URL: shop, RUN_DIR: folder, TOP: top } = process.env;
const run = promisify(execFile);

async function post(path, parameters) {
    const body = new URLSearchParams(parameters);
    const reply = await fetch(shop + path, { method: 'POST', body });
    assert.equal(reply.status, 200, `${path} of ${JSON.stringify(parameters)}`);
    return reply.json();
}

export const hold = (user, id) => post('/checkout', { user_id: user, id });

export async function buy(user, id) {
    const { code } = await hold(user, id);
    return post('/purchase', { code });
}

export async function get(path) {
    const reply = await fetch(shop + path);
    assert.equal(reply.status, 200, path);
    return reply.json();
}

export const statusOf = async (path) => (await fetch(shop + path)).status;

export async function until(what, check, ms = 8000) {
    const deadline = Date.now() + ms * Number(process.env.TEST_SLOWNESS ?? 1);
    while (!await check()) {
        assert.ok(Date.now() < deadline, `waited too long: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

export const stack = (verb, part) => run(`${top}/deploy/private/stack`, [verb, part]);

/** Sends a signal to all the web server's processes: SIGSTOP stops them with requests in flight, SIGCONT resumes. */
async function signalWebServer(signal) {
    const master = Number(await readFile(`${folder}/pid/${process.env.WEB_SERVER ?? 'nginx'}`, 'utf8'));
    const { stdout } = await run('ps', ['-o', 'pid=', '--ppid', String(master)]);
    for (const pid of [master, ...stdout.split('\n').map(Number).filter(Boolean)])
        process.kill(pid, signal);
}

export const pause = () => signalWebServer('SIGSTOP');
export const resume = () => signalWebServer('SIGCONT');

export async function sql(query) {
    const { stdout } = await run('psql', ['--no-psqlrc', '--no-align', '--tuples-only', '--quiet',
        '--set=ON_ERROR_STOP=1', `--host=${folder}/postgresql`, '--username=postgres',
        '--dbname=flashsale', `--command=${query}`]);
    return stdout.trim();
}

/** The first free one of these items, given by their ids. */
export async function firstFree(ids) {
    const id = await sql(`SELECT id
        FROM unnest('{${ids}}'::text[]) WITH ORDINALITY asked (id, ordinal)
        JOIN flashsale.item ON id = sale_id || '-' || number
        WHERE purchased_at IS NULL AND held_until <= now() ORDER BY ordinal LIMIT 1`);
    assert.notEqual(id, '', 'none is free');
    return id;
}

/** So many users buy ten items each, or all that is left. */
export const crowd = (users = 1000) => run(`${top}/tests/client/crowd.py`,
    ['buy', '--url', shop, '--users', String(users), '--each', '10', '--connections', '32']);
