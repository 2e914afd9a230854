#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks every answer that the API's tests got against openapi.yaml: schema.py openapi.yaml test...

A test that has just run has left its answers in <test>.answers, which is taken away; the others are run.

Knows the part of JSON Schema that openapi.yaml uses and refuses what it does not know. Exit status 77
(skipped) without PyYAML."""
import json
import os
import re
import subprocess
import sys
from datetime import datetime

try:
    import yaml
except ImportError:
    print('PyYAML is not installed (python3-yaml)')
    sys.exit(77)

TYPES = {'object': dict, 'array': list, 'string': str, 'boolean': bool, 'null': type(None)}
IGNORED = {'description', 'examples', 'default', 'maxLength', 'minLength', 'title'}
KNOWN = IGNORED | {'$ref', 'type', 'enum', 'const', 'required', 'properties', 'additionalProperties', 'items', 'oneOf',
                   'allOf', 'format', 'minimum', 'maximum', 'maxItems', 'minItems', 'pattern'}


class Checker:
    def __init__(self, spec):
        self.spec = spec
        self.wrong = []

    def resolve(self, schema):
        while '$ref' in schema:
            node = self.spec
            for part in schema['$ref'].lstrip('#/').split('/'):
                node = node[part]
            schema = node
        return schema

    def is_type(self, value, name):
        if name == 'integer':
            return isinstance(value, int) and not isinstance(value, bool)
        if name == 'number':
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        return isinstance(value, TYPES[name])

    def members(self, schema):
        """Names that the schema, with all its parts, describes."""
        schema = self.resolve(schema)
        names = set(schema.get('properties', {}))
        for part in schema.get('allOf', []):
            names |= self.members(part)
        return names

    def check(self, value, schema, where, whole=True):
        schema = self.resolve(schema)
        unknown = set(schema) - KNOWN
        if unknown:
            sys.exit(f'schema.py does not know {unknown}')
        errors = []
        types = schema.get('type')
        if types and not any(self.is_type(value, t) for t in ([types] if isinstance(types, str) else types)):
            return [f'{where}: {value!r:.80} is no {types}']
        if 'enum' in schema and value not in schema['enum']:
            errors.append(f'{where}: {value!r} is none of {schema["enum"]}')
        if 'const' in schema and value != schema['const']:
            errors.append(f'{where}: {value!r} is not {schema["const"]!r}')
        if schema.get('format') == 'date-time' and isinstance(value, str):
            try:
                datetime.fromisoformat(value.replace('Z', '+00:00'))
            except ValueError:
                errors.append(f'{where}: {value!r} is no time')
        if isinstance(value, (int, float)) and not schema.get('minimum', value) <= value <= schema.get('maximum', value):
            errors.append(f'{where}: {value} is out of range')
        if 'oneOf' in schema:
            fits = [s for s in schema['oneOf'] if not self.check(value, s, where)]
            if len(fits) != 1:
                errors.append(f'{where}: fits {len(fits)} of oneOf: '
                              + '; '.join(e for s in schema['oneOf'] for e in self.check(value, s, where)))
        for part in schema.get('allOf', []):
            errors += self.check(value, part, where, whole=False)
        if isinstance(value, dict):
            errors += self.check_object(value, schema, where, whole)
        if isinstance(value, list):
            if len(value) > schema.get('maxItems', len(value)):
                errors.append(f'{where}: {len(value)} items')
            for i, item in enumerate(value):
                errors += self.check(item, schema.get('items', {}), f'{where}/{i}')
        return errors

    def check_object(self, value, schema, where, whole):
        errors = [f'{where}: {name!r} is missing' for name in schema.get('required', []) if name not in value]
        for name, part in schema.get('properties', {}).items():
            if name in value:
                errors += self.check(value[name], part, f'{where}/{name}')
        extra = schema.get('additionalProperties')
        if isinstance(extra, dict):
            for name in set(value) - set(schema.get('properties', {})):
                errors += self.check(value[name], extra, f'{where}/{name}')
        elif extra is None and whole and (schema.get('properties') or schema.get('allOf')):
            # Stricter than JSON Schema: an answer has no member that the contract does not describe.
            errors += [f'{where}: {name!r} is not described' for name in set(value) - self.members(schema)]
        return errors


def operations(spec):
    found = []
    for path, item in spec['paths'].items():
        base = '' if 'servers' in item else '/api/v1'
        pattern = re.compile(re.sub(r'\\{[^}]*\\}', '[^/]+', re.escape(base + path)))
        for method in ('get', 'post', 'patch', 'delete'):
            if method in item:
                found.append((method.upper(), pattern, path, item[method]))
    # The most specific first, as the route table does it.
    return sorted(found, key=lambda o: (o[2].count('{'), -len(o[2])))


def answers_of(test):
    """What a test got, as lines of JSON."""
    dump = test + '.answers'
    if not os.path.exists(dump) or os.path.getmtime(dump) < os.path.getmtime(test):
        subprocess.run([test], check=True, stdout=subprocess.DEVNULL, env={**os.environ, 'TSUKUROI_API_DUMP': dump})
    with open(dump, encoding='utf-8') as f:
        lines = f.read().splitlines()
    os.unlink(dump)
    return lines


def main():
    spec = yaml.safe_load(open(sys.argv[1], encoding='utf-8'))
    checker = Checker(spec)
    ops = operations(spec)
    seen, answers, wrong = set(), 0, {}
    for line in (line for test in sys.argv[2:] for line in answers_of(test)):
        a = json.loads(line)
        op = next((o for o in ops if o[0] == a['method'] and o[1].fullmatch(a['path'].split('?')[0])), None)
        if not op or (a['body'] is None and a['status'] >= 400):
            continue
        answers += 1
        responses = op[3]['responses']
        response = checker.resolve(responses.get(str(a['status']), responses.get('default', {})))
        content = response.get('content', {})
        where = f'{a["method"]} {op[2]} {a["status"]}'
        if str(a['status']) in responses:
            seen.add((op[0], op[2]))
        if a['body'] is not None and content:
            schema = next(iter(content.values()))['schema']
            for error in checker.check(a['body'], schema, ''):
                wrong.setdefault(f'{where}: {error}', a['path'])
        elif a['body'] is not None:
            wrong.setdefault(f'{where}: has a body', a['path'])
    for error, path in sorted(wrong.items()):
        print(f'{error}   ({path})')
    streams = {('GET', '/events')}
    unseen = {(o[0], o[2]) for o in ops} - seen - streams
    for method, path in sorted(unseen):
        print(f'no answer of {method} {path} was seen')
    print(f'{answers} answers, {len(seen)} operations, {len(wrong)} differences')
    sys.exit(1 if wrong or unseen else 0)


main()
