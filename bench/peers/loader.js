// Calls the handler, each time in an isolate of its own: workerd keeps one for each name.

const main = `
import { handler } from "./handler.js";

export default {
    async fetch() {
        const { statusCode, body, headers } = await handler({}, null);
        return new Response(body, { status: statusCode, headers });
    },
};
`;

let calls = 0;

export default {
    async fetch(request, env) {
        calls += 1;
        const worker = env.LOADER.get(`call-${calls}`, () => ({
            compatibilityDate: "2026-11-17",
            mainModule: "main.js",
            modules: { "main.js": main, "handler.js": env.HANDLER },
            globalOutbound: null,
        }));
        return worker.getEntrypoint().fetch(request);
    },
};
