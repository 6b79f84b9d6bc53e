import { secretBytes } from "./block.ts";
import { newId, signed } from "./webhook.ts";

it("a request is signed as Standard Webhooks says", () => {
  const body = Buffer.from('{"a":1}');
  expect(signed("msg_1", 1_700_000_000, body, secretBytes("0123456789012345"))).toEqual({
    "webhook-id": "msg_1",
    "webhook-timestamp": "1700000000",
    "webhook-signature": "v1,X1vgiFDIHQYrBnEIsYf8GVEDi3roSBs/LWMQbZQdh3U=",
  });
  expect(secretBytes("whsec_MDEyMzQ1Njc4OTAxMjM0NQ==")).toEqual(secretBytes("0123456789012345"));
  expect(newId()).not.toBe(newId());
});
