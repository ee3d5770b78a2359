/// <reference types="ses" />

declare module '@endo/captp';
declare module '@endo/eventual-send/shim.js';
