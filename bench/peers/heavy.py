"""A function that takes long to load, as server/executor/examples/cold_start.rs has it."""

import argparse, ast, asyncio, calendar, configparser, difflib, email, fractions, html.parser
import inspect, pprint, sched, shelve, statistics, unittest, xml.dom.minidom
table = {str(n): n for n in range(200_000)}
def handler(event, context):
    return table["77777"]
