const { SERVER, MYSECRET } = process.env;

/** Fetches a token from the provider, as any program does. */
export async function tokenOf(client, resource = "urn:wampgate") {
  const response = await fetch(`${SERVER}/token`, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      authorization: `Basic ${Buffer.from(`${client}:${MYSECRET}`).toString("base64")}`,
    },
    body: `grant_type=client_credentials&resource=${resource}`,
  });
  const { access_token } = await response.json();
  return access_token;
}
