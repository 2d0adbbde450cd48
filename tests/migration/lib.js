// Shared by the scripts of the five earlier services: the service's address, and the report.
//
// BASE_URL: the address; OUT: the folder for NAME.json, with the counts of each check.

export const baseUrl = __ENV.BASE_URL || 'http://localhost:8080';

export function number(name, fallback) {
    return __ENV[name] ? Number(__ENV[name]) : fallback;
}

// A member of a reply, or without a name the whole body; undefined without JSON or without the member.
export function member(reply, name) {
    try {
        return name ? reply.json(name) : reply.json();
    } catch {
        return undefined;
    }
}

// A name that no other run has.
export const run = `${Date.now() % 100000000}`;

// Options of every script: all checks must hold.
export function options(scenarios) {
    return {
        scenarios,
        thresholds: { checks: ['rate==1'] },
        setupTimeout: '30s',
        // Not "url": addresses differ by user and code, and a time series for each would fill memory.
        systemTags: ['check', 'group', 'status'],
    };
}

// The end of a script: for each check, how many passed of how many made.
export function summary(name) {
    return (data) => {
        const checks = [];
        const collect = (group) => {
            checks.push(...group.checks);
            group.groups.forEach(collect);
        };
        collect(data.root_group);
        const count = (key) => checks.reduce((sum, each) => sum + each[key], 0);
        const passed = count('passes');
        const made = passed + count('fails');
        const lines = checks.map(
            (each) => `  ${each.name}: ${each.passes} of ${each.passes + each.fails}`,
        );
        const reports = {
            stdout: `${name}: ${passed} of ${made} checks passed\n${lines.join('\n')}\n`,
        };
        if (__ENV.OUT) {
            reports[`${__ENV.OUT}/${name}.json`] = JSON.stringify({ passed, made, checks });
        }
        return reports;
    };
}
