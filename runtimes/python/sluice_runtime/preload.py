"""Modules that most functions import: here already, an import of them costs nothing.

Only what is small and common. Each page of memory that they fill is mapped, not copied,
so an instance that does not use them pays nothing either.
"""

import base64
import collections
import contextlib
import copy
import csv
import dataclasses
import datetime
import decimal
import enum
import functools
import hashlib
import hmac
import html
import http
import io
import itertools
import json
import logging
import math
import operator
import os
import pathlib
import random
import re
import secrets
import string
import struct
import tempfile
import textwrap
import threading
import time
import traceback
import typing
import urllib.parse
import uuid
