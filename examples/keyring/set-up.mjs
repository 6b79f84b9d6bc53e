// Makes the certificates, which are those of the example tls, and the table of devices.
import { join } from "node:path";
import Database from "libsql";
import "../tls/set-up.mjs";

const database = new Database(join(process.env.FILES, "devices.db"));
database.exec("create table devices (serial text primary key, key text not null)");
// `npx wampgate keygen` has made its pair of keys.
database
  .prepare("insert into devices (serial, key) values (?, ?)")
  .run("sensor-7", "23102e426be3f2a73e04d537131597d09de7fe0625b2e1269cd39dca36c37900");
database.close();
