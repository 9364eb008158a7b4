# A server that paints, on CPUs: docker build -t impasto . && docker run -p 8000:8000 -e IMPASTO_KEY=secret impasto
FROM python:3.12-slim AS build
# serve,video paints films too, for 255 MB more.
ARG EXTRAS=serve
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src ./src
RUN python -m venv /impasto && /impasto/bin/pip install --no-cache-dir --no-compile -c constraints.txt ".[$EXTRAS]"

FROM python:3.12-slim
COPY --from=build /impasto /impasto
RUN useradd --system --uid 10001 --create-home painter && mkdir /styles && chown painter /styles
USER painter
ENV PATH=/impasto/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /home/painter
VOLUME /styles
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8000/health', headers={'Authorization': 'Bearer ' + os.environ.get('IMPASTO_KEY', '')}), timeout=4)"]
# It listens to all addresses, so it ends at once unless IMPASTO_KEY is given.
ENTRYPOINT ["impasto", "serve", "--host", "0.0.0.0", "--styles", "/styles"]
