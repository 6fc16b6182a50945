// @ts-check
/**
 * Ranges of characters in Unicode 14.0.0: of each the length of the gap before it and its own, in base 36.
 * Written by tests/exports/unicode_tables.py.
 */

/** East Asian width W or F; Python 3.11 takes what is not assigned for F. */
export const WIDE =
  "oo 2 6 4 7 1 1 1 k 1 b1 1 12 2 1e 2 3 1 1j 8 r 4 6 b 7i 1 1o 2 2t e 1n 2 1d 2 f 1 s 2 1 1 b 5 v 1 2 6 6k 1 8 2 2 " +
  "2 m 1 7 1 1 3 4 2 9 2 2 2 4 8 1 4 2 1 5 2 p 2 3 1 6 4 2 2 m 1 7 1 2 1 2 1 2 2 1 1 5 4 2 2 3 3 1 7 4 1 1 7 h a 3 " +
  "1 9 1 3 1 m 1 7 1 2 1 5 2 a 1 3 1 3 2 1 f 4 2 c 7 7 1 3 1 8 2 2 2 m 1 7 1 2 1 5 2 9 2 2 2 3 7 3 4 2 1 5 2 i a 2 " +
  "1 6 3 3 1 4 3 2 1 1 1 2 3 2 3 3 3 c 4 5 3 3 1 4 2 1 6 1 e l 5 d 1 3 1 n 1 g 2 9 1 3 1 4 7 2 1 3 2 1 2 4 2 a 7 m " +
  "1 3 1 n 1 a 1 5 2 9 1 3 1 4 7 2 6 2 1 4 2 a 1 2 d d 1 3 1 1f 1 3 1 6 4 g 2 q 1 3 1 i 3 o 1 9 1 1 2 7 3 1 4 6 1 1 " +
  "1 8 6 a 2 3 c 1m 4 t 11 2 1 1 1 5 1 o 1 1 1 n 2 5 1 1 1 6 2 a 2 4 w 20 1 10 4 13 1 10 1 f 1 d 11 5i 1 1 5 1 2 1c " +
  "2o 6h 1 4 2 7 1 1 1 4 2 15 1 4 2 x 1 4 2 7 1 1 1 4 2 f 1 1l 1 4 2 1v 2 w 3 q 6 2e 2 6 2 il 3 2h 7 m 9 o 9 k c d " +
  "1 3 1 2 c 2m 2 a 6 a 6 q 6 2h 7 17 5 1y a v 1 c 4 c 4 1 3 16 2 5 b 18 4 q 6 b 3 1q 2 1t 1 t 2 b 6 a 6 e 2 v 1d " +
  "25 3 1b 1 38 8 1o 3 f 3 1o 7 17 2 b 8 17 5 eu 2 6 2 12 2 6 2 8 1 1 1 1 1 1 1 v 2 1h 1 f 1 e 2 6 1 j 2 3 1 9 1 2t " +
  "1 c 2 r 1 d 3 x f x f 3w 4 ay 2 d 2 5a 4 3 1 2 1 1f p b l bh 2 l 2 1e c 17 1 j 1 d 1 8 2 h 2 5 2 8 1 5 1 l 1 7 2 " +
  "1 1 4 1 2 1 7 1 4 2 s 1 z 1 1 1 4 3 1 1 1p 3 o 1 e 1 nv 2 1f 1 4 1 u 2 w 1 9p 5 19 1 1 5 1 2 1k 7 2 e o 9 7 1 7 " +
  "1 7 1 7 1 7 1 7 1 7 1 7 1 3i dd 1 eg 8 5f4 1s h5c 9o k 54 8 5n 5 2 1 1 1 5 o 1n 3 a 6 1k 8 1y 8 c 6 38 b 1 w 26 " +
  "1 b 4 x 1 1j 9 e 2 a 2 2v o s a 6 2 6 2 6 9 7 1 7 1 1o 4 3i 2 a 8mu n 4 1d 4 6io e8 7 c 5 5 q 1 5 1 1 1 2 1 2 1 " +
  "3h g cd 2 1i 7 1 w w g g 1s 5 1 3r 2 1 2p 2m 3 6 2 6 2 6 2 3 b 7 a 5 2 c 1 q 1 j 1 2 1 f 2 e y 3f 5 3 4 19 3 2g " +
  "1 d 3 1 1b 1a 3m t 3 1d f s 4 10 9 u 5 17 5 u 1 11 4 e 16 4e 2 a 6 10 4 10 4 14 8 1g b c 1 f 1 7 1 2 1 b 1 f 1 7 " +
  "1 2 1v 8n 9 m a 8 o 6 1 16 1 9 1x 6 2 1 1 18 1 2 3 1 2 n 1 20 8 9 1c j 1 2 5 x 3 r 5 1 1s 1k 4 k 2 1e 1 2 5 8 1 " +
  "3 1 t 2 3 4 a 7 9 7 1s w 13 4 c 9 1i 3 t 2 r 5 q 7 4 c 7 28 21 1j 1f d 1f 7 1a 8 a 86 v 1 16 1 3 2 2 26 14 8 16 " +
  "m q 12 s k n 9 26 4 10 9 1w a 1 2 p 7 a 6 1h 1 i 8 13 9 2o 1 k b i 1 18 1t 7 1 1 1 4 1 f 1 b 6 1n 5 a 6 4 1 8 2 " +
  "2 2 m 1 7 1 2 1 5 1 a 2 2 2 3 2 1 6 1 5 7 2 7 3 5 3v 2k 1 5 u 20 8 a 4m 1i 2 12 y 1x b a 6 d j 1m 6 a 1i r 2 f 4 " +
  "n 55 1o 2s 2b c 8 2 1 2 8 1 2 1 u 1 2 2 c 9 a 1y 8 2 1a 2 b r 20 8 2b d 21 7b 9 1 19 1 e a t 3 w 2 m 1 e 21 7 1 " +
  "2 1 18 3 1 1 2 1 9 8 a 6 6 1 2 1 11 1 2 1 6 7 a 8m p 53 1 f 1e d pn 2u 33 1 5 b 5g 218 2r d tr 1 9 347 g7 6nt ft " +
  "7 v 1 a 4 29 1 a 6 u 2 6 a 1y a a 1 7 1 l 5 j j4 2j 2t 23 4 1l 7 h f34 2z 5 d 3 9 7 a 2 8 3mk 1a 2 n 9 38 1o 6u " +
  "a 13 2 5e l 1y 4a k c 2f 9 p 3r 2d 1 1z 1 2 2 1 2 2 2 4 1 c 1 1 1 7 1 1t 1 4 2 8 1 7 1 s 1 4 1 5 1 1 3 7 1 9g 2 " +
  "84 2 ji f 5 1 f uo v 69 7 1 h 2 7 1 2 1 5 5x 19 3 e 2 a 4 2 8w v h 1m 5 1 yo 7 1 4 1 2 1 f 1 5h 2 g 15 24 4 a 4 " +
  "2 lt 1w 24 1p 5e 4 1 r 1 2 1 1 2 1 1 a 1 4 1 1 1 1 6 1 4 1 1 1 1 1 1 3 1 2 1 1 2 1 1 1 1 1 1 1 1 1 1 2 1 1 2 4 1 " +
  "7 1 4 1 4 1 1 1 a 1 h 5 3 1 5 1 h 1g 2 7i 4 1 13 4 2s c f 2 f 1 e 2 11 a 3y 1 2 a j 1k q 81 c 9 1 1y 1 m c 17 4 " +
  "5 c h 3 1 3 1z 1 1 1 57 2 1r d 4 1 o i 1 q 2 d 1 2e 2d 1c 1y 6 1 3 3 2 b b 5 4 c 38 c 2h 13 c 4 1k 8 a 6 14 8 u " +
  "2 2 26 c 1b 1 a 1 55 2c c e 42 43 1 1j 11 a gvlz 1 u 2o 3k 6o 1e6o 1eke 2 1eke 2";

/** General category Mn, Mc, Me, Lm, Pe, Pf, Po or Cf. */
export const CLINGING =
  "x 3 1 3 1 2 1 1 1 2 a 2 3 2 r 2 v 1 z 1 5 1 5 1 8 2 3 1 3 1 ds i 4 c e 5 7 1 1 1 h 34 4 1 5 1 3 1 8 1 6z 7 5r 7 " +
  "15 1 7 19 1 9 17 2 b 6 3 2 1 2 2 g w 1 a l a 4 2 1 2r 1 1 8 1 a 1 4 i e 1 1 1 1 u r 2j b 1m b 1 4 2 1 o o 2 f q " +
  "3 2 1 1d 2 6 8 15 1n 1i 3 1 i 1 7 a 4 a 2 f 3 1k 1 1 7 2 2 2 3 9 1 a 2 p 2 2 3 1k 1 1 5 4 2 2 3 3 1 u 2 3 2 a 3 " +
  "1k 1 1 8 1 3 1 3 k 2 c 1 9 6 1 3 1k 1 1 7 2 2 2 3 7 3 a 2 u 1 1n 5 3 3 1 4 9 1 14 5 1j 1 1 7 1 3 1 4 7 2 b 2 j 1 " +
  "9 4 1j 1 1 7 1 3 1 4 7 2 b 2 s 4 1j 2 1 7 1 3 1 4 9 1 a 2 t 3 1y 1 4 6 1 1 1 8 i 3 1o 1 2 7 b a a 2 2d 1 2 9 9 1 " +
  "1 6 1i f 1 1 3 2 r 1 1 1 1 1 1 1 1 3 1d n 5 b 1 10 9 1 9 5 4 2 28 k b 6 6 4 4 3 1 3 2 7 3 4 d c 1 1 a 4 2l 2 gw " +
  "c lh 1 19 1 26 3 10 4 s 5 r 2 u 2 1s 13 2 1 y 6 1 9 1f 1 1t 2 y 1 3a c 4 c 8 2 5t 5 2 2 1h a 1 t 2 1 w e 2 v 1d " +
  "5 1b h l 7 a 9 9 2 1 3 u d 1k e 8 4 10 k 3 5 1k 8 1s 8 8 p 4 1 6 1 2 3 1e 1r d 1 y 2t ej 5 6 2 1 1 3 1 2 8 2 5 1 " +
  "9 1 5 2 3 2 c 1 1 1 a 1 5 1 a 1 1 c 2 e 1 1 d 1f x ew 1 1 1 u 1 u6 1 1 1 1 1 1 1 1 1 1 1 1 1 28 1 w 1 1 1 1 1 1 " +
  "1 1 1 b8 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1s 1 1 1 x 1 hq 2 35 3 7 4 1 2 33 2 e 1 2o y 1 1 1 4 1 2 1 a " +
  "1 2 1 1 1 3 1 1 1 1 1 1 1 1 1 h 2 4 1 1 1 d 2 3 1 1 1 1 1 1 1 1 bo 3 1 1 3 1 1 1 1 1 1 1 1 1 3 1 1 1 1 1 1 1 2 2 " +
  "a 6 1 5 5 1 1 1 2j 2 2 2 2k 4 lxy 1 yq 8 7g 4 2n h s 4 28 8 v 9 28 1 n 1 2x 3 3 2 8 1 3 1 4 1 n 5 4 1 1z 4 8 2 " +
  "1e i 8 2 g i 6 3 1 1 2 1 12 a n d b 1 w 4 1b r 1 1 e 2 5 2 1u e c 1 8 2 e 4 g 1 a 3 1e 1 1 3 2 2 5 2 1 1 r 3 b 7 " +
  "1 4 2t 4 9 1 3d b fn4 1 f3 1 5d n 1 2 6 h 5 1 1 1 1 1 1 1 1 1 1 1 1 1 1 3 1 5 3 3 1 4 2 1 1 1 1 4 6 1 1 2 43 1 1 " +
  "3 1 3 1 2 1 1 1 2 a 2 3 2 r 2 v 1 2 2 1 3 a 1 19 2 2h 3 78 3 6y 1 6a 1 45 5 10 1 1c 1 bi 1 eo 6 1 16 1 9 4c 1 5j " +
  "1 v 1 5d 3 1 2 5 4 14 3 4 1 g 9 12 1 2t 2 9 7 1u 7 2h 4 av 4 ar 2 49 b 4 5 14 8 3a 3 1h m y 1 2 2 a 4 19 j a 1 " +
  "1e 3 10 e b 4 1 2 18 3 a 3 1c e 4 b b 1 1 3 24 j 2y 1 1h c l 4 1j 2 1 7 2 2 2 3 9 1 a 2 2 7 3 5 5c i 4 5 a 2 1 2 " +
  "29 k 2 1 6g 7 2 w 4 2 2a k s d 1q d 1 1 2r f g 3 6l g 6s 6 1 2 2 4 1 1 1 5 3u 7 2 7 1 1 1 1 s a 14 7 1 d 9 b 1a " +
  "j 1 5 b0 8 1 8 1 5 16 2 w m 1 e 3e 6 3 1 1 2 1 7 1 1 1u 5 1 2 1 5 9n 6 7a 1 vk 5 29o 2 u5 9 aph 2 3k 6 1m c 4 5 " +
  "nm 4 50 1 1 1j 7 h 1s 5 b 2 cn2 4 1 7 1 2 2hq 7 3mk 1a 2 n f2 5 3 m 2 7 u 4 44 3 1iz 1j 4 1e 8 1 e 1 2 5 f 5 1 f " +
  "11s 7 1 h 2 7 1 2 1 5 79 e a8 1 1p 4 15s 7 31 8 i 2 gza9 1 u 2o 3k 6o";

/** General category Ps or Pi. */
export const OPENING =
  "14 1 1e 1 v 1 1b 1 2vi 1 1 1 1ge 1 1vg 1 1 3 1 2 p 1 b 1 1j 1 f 1 hm 1 1 1 u 1 u6 1 1 1 1 1 1 1 1 1 1 1 1 1 28 1 " +
  "w 1 1 1 1 1 1 1 1 1 b8 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1s 1 1 1 x 1 sl 1 1 1 4 1 2 1 f 1 3 1 1 1 1 1 1 " +
  "1 1 1 p 1 i 1 1 1 1 1 1 1 bw 1 1 1 1 1 1 1 1 1 3 1 1 1 1 1 1 1 2 1 14ip 1 5z 1 t 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 3 " +
  "1 h 1 1 1 1 1 4q 1 1e 1 v 1 3 1 2 1";

/** General category C or Z, unassigned included, without the common space. */
export const UNPRINTABLE =
  "0 w 2n y c 1 ju 2 6 4 7 1 1 1 k 1 b1 1 12 2 1e 2 3 1 1j 8 r 4 6 h m 1 5c 1 1c 2 1n 2 2t e 1n 2 1d 2 f 1 s 2 1 1 " +
  "b 5 v 9 22 1 4h 1 8 2 2 2 m 1 7 1 1 3 4 2 9 2 2 2 4 8 1 4 2 1 5 2 p 2 3 1 6 4 2 2 m 1 7 1 2 1 2 1 2 2 1 1 5 4 2 " +
  "2 3 3 1 7 4 1 1 7 h a 3 1 9 1 3 1 m 1 7 1 2 1 5 2 a 1 3 1 3 2 1 f 4 2 c 7 7 1 3 1 8 2 2 2 m 1 7 1 2 1 5 2 9 2 2 " +
  "2 3 7 3 4 2 1 5 2 i a 2 1 6 3 3 1 4 3 2 1 1 1 2 3 2 3 3 3 c 4 5 3 3 1 4 2 1 6 1 e l 5 d 1 3 1 n 1 g 2 9 1 3 1 4 " +
  "7 2 1 3 2 1 2 4 2 a 7 m 1 3 1 n 1 a 1 5 2 9 1 3 1 4 7 2 6 2 1 4 2 a 1 2 d d 1 3 1 1f 1 3 1 6 4 g 2 q 1 3 1 i 3 o " +
  "1 9 1 1 2 7 3 1 4 6 1 1 1 8 6 a 2 3 c 1m 4 t 11 2 1 1 1 5 1 o 1 1 1 n 2 5 1 1 1 6 2 a 2 4 w 20 1 10 4 13 1 10 1 " +
  "f 1 d 11 5i 1 1 5 1 2 ah 1 4 2 7 1 1 1 4 2 15 1 4 2 x 1 4 2 7 1 1 1 4 2 f 1 1l 1 4 2 1v 2 w 3 q 6 2e 2 6 2 hs 1 " +
  "s 3 2h 7 m 9 o 9 k c d 1 3 1 2 c 2m 2 a 6 a 6 e 1 b 6 2h 7 17 5 1y a v 1 c 4 c 4 1 3 16 2 5 b 18 4 q 6 b 3 1q 2 " +
  "1t 1 t 2 b 6 a 6 e 2 v 1d 25 3 1b 1 38 8 1o 3 f 3 1o 7 17 2 b 8 17 5 eu 2 6 2 12 2 6 2 8 1 1 1 1 1 1 1 v 2 1h 1 " +
  "f 1 e 2 6 1 j 2 3 1 9 h o 8 1b h 2 2 r 1 d 3 x f x f 3w 4 if p b l 1ec 2 w 1 9p 5 19 1 1 5 1 2 1k 7 2 e o 9 7 1 " +
  "7 1 7 1 7 1 7 1 7 1 7 1 7 1 3i y q 1 2h c 5y q c 5 1r 1 2e 2 2v 5 17 1 2m 1 2c c 1b 1 mlp 3 1j 9 9o k 54 8 5n 5 " +
  "2 1 1 1 5 o 1n 3 a 6 1k 8 1y 8 c 6 38 b u 3 26 1 b 4 x 1 1j 9 e 2 a 2 2v o s a 6 2 6 2 6 9 7 1 7 1 1o 4 3i 2 a 6 " +
  "8mc c n 4 1d 6is a6 2 2y 12 7 c 5 5 q 1 5 1 1 1 2 1 2 1 3h g cd 2 1i 7 1 w 16 6 1f 1 j 1 4 4 5 1 3r 4 5a 3 6 2 6 " +
  "2 6 2 3 3 7 1 7 d 2 2 c 1 q 1 j 1 2 1 f 2 e y 3f 5 3 4 19 3 2g 1 d 3 1 1b 1a 3m t 3 1d f s 4 10 9 u 5 17 5 u 1 " +
  "11 4 e 16 4e 2 a 6 10 4 10 4 14 8 1g b c 1 f 1 7 1 2 1 b 1 f 1 7 1 2 1v 8n 9 m a 8 o 6 1 16 1 9 1x 6 2 1 1 18 1 " +
  "2 3 1 2 n 1 20 8 9 1c j 1 2 5 x 3 r 5 1 1s 1k 4 k 2 1e 1 2 5 8 1 3 1 t 2 3 4 a 7 9 7 1s w 13 4 c 9 1i 3 t 2 r 5 " +
  "q 7 4 c 7 28 21 1j 1f d 1f 7 1a 8 a 86 v 1 16 1 3 2 2 26 14 8 16 m q 12 s k n 9 26 4 10 9 1q 1 5 d p 7 a 6 1h 1 " +
  "i 8 13 9 2o 1 k b i 1 18 1t 7 1 1 1 4 1 f 1 b 6 1n 5 a 6 4 1 8 2 2 2 m 1 7 1 2 1 5 1 a 2 2 2 3 2 1 6 1 5 7 2 7 3 " +
  "5 3v 2k 1 5 u 20 8 a 4m 1i 2 12 y 1x b a 6 d j 1m 6 a 1i r 2 f 4 n 55 1o 2s 2b c 8 2 1 2 8 1 2 1 u 1 2 2 c 9 a " +
  "1y 8 2 1a 2 b r 20 8 2b d 21 7b 9 1 19 1 e a t 3 w 2 m 1 e 21 7 1 2 1 18 3 1 1 2 1 9 8 a 6 6 1 2 1 11 1 2 1 6 7 " +
  "a 8m p 53 1 f 1e d pn 2u 33 1 5 b 5g 218 2r d tr 34h g7 6nt ft 7 v 1 a 4 29 1 a 6 u 2 6 a 1y a a 1 7 1 l 5 j j4 " +
  "2j 2t 23 4 1l 7 h 1s 5 b 2 e 4qg 8 ye 16 9 6w7 4 1 7 1 2 1 83 19 3 h 4 8 b0 1s4 2z 5 d 3 9 7 a 2 4 3mo 1a 2 n 9 " +
  "38 1o 6u a 13 2 22 8 34 l 1y 4a k c 2f 9 p 3r 2d 1 1z 1 2 2 1 2 2 2 4 1 c 1 1 1 7 1 1t 1 4 2 8 1 7 1 s 1 4 1 5 1 " +
  "1 3 7 1 9g 2 84 2 ji f 5 1 f uo v 69 7 1 h 2 7 1 2 1 5 5x 19 3 e 2 a 4 2 8w v h 1m 5 1 yo 7 1 4 1 2 1 f 1 5h 2 g " +
  "15 24 4 a 4 2 lt 1w 24 1p 5e 4 1 r 1 2 1 1 2 1 1 a 1 4 1 1 1 1 6 1 4 1 1 1 1 1 1 3 1 2 1 1 2 1 1 1 1 1 1 1 1 1 1 " +
  "2 1 1 2 4 1 7 1 4 1 4 1 1 1 a 1 h 5 3 1 5 1 h 1g 2 7i 18 4 2s c f 2 f 1 f 1 11 a 4u 1k t d 18 4 9 7 2 e 6 4a rc " +
  "5 g 3 d 3 38 c 2h 7 c 4 1 f c 4 1k 8 a 6 14 8 u 2 2 26 9g c e 2 5 3 5 3 7 9 t 3 b 5 6 a a 6 8 8 7 9 43 1 1j 11 a " +
  "sm wyo w 37d 7 66 2 4g2 e 5rl 2e7 f2 15u 3t7 fcmt 6o 47bk";
