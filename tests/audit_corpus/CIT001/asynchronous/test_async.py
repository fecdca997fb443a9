import asyncio

import aiofiles
import pytest
import pytest_asyncio


@pytest_asyncio.fixture
async def database_file():
    async with aiofiles.open("seed.sql", "w") as file:  # CIT001
        await file.write("")
    return "seed.sql"


async def save(path, text):
    async with aiofiles.open(path, "w") as file:  # CIT001
        await file.write(text)


@pytest.mark.asyncio
async def test_saves(database_file):
    await save("report.txt", "x")


@pytest.mark.asyncio
async def test_saves_privately(tmp_path):
    await asyncio.gather(save(tmp_path / "report.txt", "x"))


@pytest.mark.asyncio
async def test_reads():
    async with aiofiles.open("seed.sql") as file:
        assert await file.read() == ""
