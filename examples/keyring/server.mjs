// The company's OpenID provider is that of the example jwt.
import "../jwt/server.mjs";
