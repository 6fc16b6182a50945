# The appliance as one image: Python packages from offline_wheels/, the model sets in models/, this checkout's code.
# No step needs a network (`docker build --network none`), and nothing but the base image comes from outside.
# scripts/build calls this, and sees to it first that offline_wheels/ and models/ are filled.

ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build

COPY offline_wheels/ /wheels/

ENV PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
    UV_NO_CACHE=1 UV_LINK_MODE=copy PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0
# One step, because each leaves a layer behind. The files to leave out are what the appliance never uses: the compiler of
# torch.compile (Triton), CUDA libraries that nothing links to (several GPUs in one solver, profiling, a second copy of
# the run-time compiler), headers, static libraries, packages' own tests. libtorch links NCCL, cuSPARSELt and CUPTI, so
# these stay, and cuDNN loads its parts by name, so they stay too.
# Sealed processes may not write bytecode, so it is made here, without time stamps and in one order: two builds of one
# commit are alike. For the same reason uv's notes of when it installed what go away. Some packages carry templates that
# are no Python, hence the `|| true`.
RUN python3 -m venv --without-pip /opt/cloister \
    && python3 -m venv /installer \
    && /installer/bin/python -m pip --quiet install --require-hashes --only-binary :all: -r /wheels/requirements-setup.lock \
    && VIRTUAL_ENV=/opt/cloister /installer/bin/uv --quiet pip sync --no-index --find-links /wheels --require-hashes \
       --only-binary :all: /wheels/requirements.lock \
    && cd /opt/cloister/lib/python3.11/site-packages \
    && rm -r triton triton-*.dist-info nvidia/cusolver/lib/libcusolverMg.so.* nvidia/cuda_cupti/lib/libnvperf_*.so \
       nvidia/cuda_nvrtc/lib/libnvrtc.alt.so.* nvidia/cuda_nvrtc/lib/libnvrtc-builtins.alt.so.* \
       nvidia/cufile/lib/libcufile_rdma.so.* torch/include torch/share torch/bin/protoc* \
    && find . -depth \( -name '*.a' -o -name '*.pyi' -o -type d \( -path './nvidia/*/include' -o -path './*/tests' \) \) \
       -exec rm -r {} + \
    && find . -name uv_cache.json -delete && sed -i '/uv_cache\.json/d' ./*.dist-info/RECORD \
    && { python3 -m compileall -q --invalidation-mode unchecked-hash . >/dev/null || true; } \
    && chmod -R u=rwX,go=rX /opt/cloister

COPY LICENSE README.md /opt/cloister/
COPY appliance/ /opt/cloister/lib/python3.11/site-packages/appliance/
RUN cd /opt/cloister \
    && printf '#!/opt/cloister/bin/python -IB\nimport sys\n\nfrom appliance.__main__ import main\n\nsys.exit(main())\n' >bin/appliance \
    && chmod 0755 bin/appliance \
    && python3 -m compileall -q --invalidation-mode unchecked-hash lib/python3.11/site-packages/appliance \
    && chmod -R u=rwX,go=rX LICENSE README.md lib/python3.11/site-packages/appliance


FROM ${BASE_IMAGE}

# The seal is made with libseccomp: an image without it must not come into being.
RUN python3 -c 'import ctypes; ctypes.CDLL("libseccomp.so.2")' \
    && echo 'cloister:x:10001:10001:Cloister:/nonexistent:/usr/sbin/nologin' >>/etc/passwd \
    && echo 'cloister:x:10001:' >>/etc/group \
    && install -d -m 0700 -o 10001 -g 10001 /data /keys /run/cloister \
    && install -d -m 0755 /etc/cloister /imports

COPY --from=build /opt/cloister /opt/cloister
COPY models/ /opt/cloister/models/

# NVIDIA's container runtime reads the first two; CTranslate2 finds CUDA by the library path.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    LD_LIBRARY_PATH=/opt/cloister/lib/python3.11/site-packages/nvidia/cublas/lib:/opt/cloister/lib/python3.11/site-packages/nvidia/cudnn/lib \
    PATH=/opt/cloister/bin:/usr/local/bin:/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 LANG=C.UTF-8 \
    CLOISTER_DATA=/data CLOISTER_KEYS=/keys CLOISTER_MODELS=/opt/cloister/models/starter

USER 10001:10001
WORKDIR /
VOLUME ["/data", "/keys"]
EXPOSE 8443
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["appliance", "health"]
ENTRYPOINT ["appliance"]
CMD ["serve"]

ARG BASE_IMAGE
ARG VERSION=0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="Cloister" \
      org.opencontainers.image.description="An air-gapped transcription appliance" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"
