// A patient's phone and a coordinator's desk in TypeScript: types made from openapi.yaml by openapi-typescript,
// checked in strict mode, sent by openapi-fetch. Arguments and printed object as client.py.
import createClient from "openapi-fetch";
import type { paths } from "./generated.js";

declare const process: { argv: string[] };

const [address, phoneAccount, deskAccount] = process.argv.slice(2);
if (!address || !phoneAccount || !deskAccount) throw new Error("usage: client ADDRESS PHONE DESK");

function client(account: string) {
  const [session, token] = account.split(":") as [string, string];
  return createClient<paths>({
    baseUrl: address,
    headers: { Cookie: `holdfast=${session}; csrftoken=${token}`, "X-CSRFToken": token, Referer: `${address}/` },
  });
}

const phone = client(phoneAccount);
const desk = client(deskAccount);

const day = await phone.GET("/api/v1/me/today/");
const path = { client_id: crypto.randomUUID() };
const felt_at = new Date().toISOString();
const log = (intensity: number) =>
  phone.PUT("/api/v1/me/cravings/{client_id}/", { params: { path }, body: { intensity, felt_at } });
const first = await log(7);
const again = await log(7);
const other = await log(6);
const listed = await phone.GET("/api/v1/me/cravings/");
const stranger = await phone.PUT("/api/v1/me/dose-reports/{client_id}/", {
  params: { path: { client_id: crypto.randomUUID() } },
  body: { statement: "taken", dose_id: 2 ** 40 },
});
const rows = await desk.GET("/api/v1/care/worklist/");

console.log(
  JSON.stringify({
    doses: day.data?.doses.length,
    first: first.response.status,
    again: again.response.status,
    other: other.response.status,
    other_is_problem: other.error?.type.includes("/problems/") ?? false,
    same_reading: first.data?.id === again.data?.id,
    listed: listed.data?.items.map((each) => each.intensity),
    stranger: stranger.response.status,
    kinds: [...new Set(rows.data?.items.map((row) => row.kind))].sort(),
  }),
);
