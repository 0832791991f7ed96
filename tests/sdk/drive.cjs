// Drives the sandbox through Smartpay's own SDK, and takes its webhooks with the SDK's middleware.
//
// Reads the sandbox's URL and an endpoint's secret from its arguments; prints what it saw as JSON.
"use strict";

const assert = require("node:assert");
const http = require("node:http");
const express = require("express");
const Smartpay = require("@smartpay/sdk-node").default;

const [sandbox, key] = process.argv.slice(2);
const DEADLINE_MS = 20_000;

async function call(method, path, body) {
    const response = await fetch(sandbox + path, {
        method,
        headers: { authorization: `Basic ${key}`, "content-type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
    });
    return response.status === 204 ? null : response.json();
}

/// Every webhook whose signature the middleware finds right.
function takeWebhooks(secrets) {
    const app = express();
    const verified = [];
    let wrong = 0;
    app.post(
        "/hook",
        // What the SDK calls a middleware is made for the body parser.
        express.json({
            verify: Smartpay.expressWebhookMiddleware((subscription) => secrets.get(subscription)),
        }),
        (request, response) => {
            const signature = request.header("smartpay-signature");
            if (signature === request.header("calculated-signature")) {
                verified.push(request.body.eventData.type);
                response.status(200).end();
            } else {
                wrong += 1;
                response.status(400).end();
            }
        },
    );
    const server = http.createServer(app);
    return new Promise((resolve) => {
        server.listen(0, "127.0.0.1", () => {
            const url = `http://127.0.0.1:${server.address().port}/hook`;
            resolve({ url, verified, wrong: () => wrong, close: () => server.closeAllConnections() });
        });
    });
}

async function main() {
    const secrets = new Map();
    const webhooks = await takeWebhooks(secrets);
    const endpoint = await call("POST", "/v1/webhook-endpoints", { url: webhooks.url });
    secrets.set(endpoint.id, endpoint.signingSecret);

    // The SDK takes a base URL only when it contains `api.smartpay`.
    const smartpay = new Smartpay(key, { apiPrefix: `${sandbox}/api.smartpay/v1` });
    const session = await smartpay.createCheckoutSession({
        mode: "token",
        successUrl: "https://shop.example/ok",
        cancelUrl: "https://shop.example/back",
        customerInfo: { emailAddress: "hanako+test@shop.example", reference: "C-1" },
        reference: "sub-1",
    });
    const id = session.token.id;
    assert.equal(session.token.status, "requires_authorization");
    assert.equal((await smartpay.getCheckoutSession({ id: session.id })).token, id);
    await assert.rejects(smartpay.disableToken({ id }));

    await call("POST", `/sandbox/sessions/${session.id}/approve`);
    const status = async () => (await smartpay.getToken({ id })).status;
    const seen = [await status()];
    const list = await smartpay.listTokens();
    assert.deepEqual(list.data.map((token) => token.id), [id]);
    await smartpay.disableToken({ id });
    seen.push(await status());
    await smartpay.enableToken({ id });
    seen.push(await status());
    await smartpay.deleteToken({ id });
    await assert.rejects(smartpay.getToken({ id }), (error) => {
        seen.push(error.errorCode);
        return true;
    });
    const refused = new Smartpay("sk_live_abc", { apiPrefix: `${sandbox}/api.smartpay/v1` });
    await assert.rejects(refused.listTokens());

    const until = Date.now() + DEADLINE_MS;
    while (webhooks.verified.length < 5 && Date.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
    console.log(JSON.stringify({ seen, webhooks: webhooks.verified.sort(), wrong: webhooks.wrong() }));
    process.exit(0);
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
